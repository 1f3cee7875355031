"""Every estimator of the coverage loads from every form of file without trust, and answers as before it was saved."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from skops.io.exceptions import UnsupportedTypeException

from converter.plugin import Source
from converter_sklearn.loading import load_estimator
from sklearn_cases import CASES, TABLES

FIRST = {case.name: case for case in reversed(CASES)}
NOT_SAVED = {("Birch", "skops")}  # skops itself has no form for it
FORMS: dict[str, Callable[[Any, Path], Any]] = {
    "skops": skops.io.dump,
    "pickle 2": lambda model, path: path.write_bytes(pickle.dumps(model, 2)),
    "pickle 5": lambda model, path: path.write_bytes(pickle.dumps(model, 5)),
    "joblib": joblib.dump,
    "joblib compressed": lambda model, path: joblib.dump(model, path, compress=3),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(FIRST))
def test_it_loads_from_every_form(name: str, tmp_path: Path) -> None:
    case = FIRST[name]
    fitted, rows = case.fitted(), TABLES[case.table]().unseen
    for form, save in FORMS.items():
        path = tmp_path / f"model.{'skops' if form == 'skops' else 'pkl'}"
        if (name, form) in NOT_SAVED:
            with pytest.raises(UnsupportedTypeException):
                save(fitted, path)
            continue
        save(fitted, path)
        loaded = load_estimator(Source.of(path), trust=False).estimator
        assert type(loaded) is type(fitted)
        for method in ("predict", "transform"):
            if hasattr(fitted, method):
                np.testing.assert_array_equal(_dense(getattr(loaded, method)(rows)), _dense(getattr(fitted, method)(rows)), err_msg=form)


def _dense(answer: Any) -> np.ndarray:
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
