"""The light half: what it claims, without importing LightGBM."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from converter.matching import select
from converter.plugin import Match, Source
from converter_lightgbm.plugin import LightGBM, converter_frameworks


def test_the_hook_names_the_framework() -> None:
    (framework,) = converter_frameworks()
    assert isinstance(framework, LightGBM)
    assert list(framework.exporters) == ["direct", "onnxmltools"]


def test_it_imports_no_framework() -> None:
    code = "import sys, converter_lightgbm.plugin; print([name for name in ('lightgbm', 'sklearn', 'onnxmltools', 'joblib') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["model.txt", "model.model", "whatever"])
def test_a_text_model_is_known_by_its_first_line(classifier: Any, tmp_path: Path, name: str) -> None:
    classifier.booster_.save_model(tmp_path / name)
    assert LightGBM().match(Source.of(tmp_path / name)) is Match.CONTENT


def test_a_pickle_is_known_by_its_first_class(classifier: Any, tmp_path: Path) -> None:
    for number, model in enumerate([classifier, classifier.booster_]):
        path = tmp_path / f"{number}.pkl"
        path.write_bytes(pickle.dumps(model))
        assert LightGBM().match(Source.of(path)) is Match.CONTENT
        joblib.dump(model, path, compress=3)
        assert LightGBM().match(Source.of(path)) is Match.CONTENT


def test_a_pickle_of_scikit_learn_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(make_pipeline(StandardScaler(), LogisticRegression())))
    assert LightGBM().match(Source.of(path)) is Match.NO


def test_an_unknown_text_is_judged_by_its_name(tmp_path: Path) -> None:
    for name, expected in {"a.txt": Match.NO, "a.model": Match.SUFFIX, "a.pkl": Match.NO}.items():
        (tmp_path / name).write_text("hello")
        assert LightGBM().match(Source.of(tmp_path / name)) is expected


def test_live_models_go_to_lightgbm_and_not_to_scikit_learn(classifier: Any, regressor: Any) -> None:
    for model in (classifier, regressor, classifier.booster_):
        assert select(Source.of(model)).name == "lightgbm"
