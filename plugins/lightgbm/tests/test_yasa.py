"""Trained sleep stagers that others made and published: their graphs say what their own package says."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest

from converter.plugin import LoadRequest, Source
from converter_lightgbm.model import load

_YASA = importlib.util.find_spec("yasa")  # not imported: it needs much that its classifiers do not
if _YASA is None or _YASA.origin is None:
    pytest.skip("the sleep stager's package is not installed", allow_module_level=True)
FILES = sorted((Path(_YASA.origin).parent / "classifiers").glob("*.joblib"))


@pytest.mark.parametrize("file", [FILES[-1], *(pytest.param(file, marks=pytest.mark.slow) for file in FILES[:-1])], ids=lambda file: file.stem)
def test_its_graph_stages_the_same(file: Path, run_graph: Callable[..., dict[str, np.ndarray]]) -> None:
    model = load(LoadRequest(Source.of(file)))  # nothing in it needs trust
    classifier = joblib.load(file)
    classifier.fitted_ = True  # LightGBM before 3.3 did not say so
    feeds = model.sample(np.random.default_rng(0), {"batch": 20_000})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stages, probabilities = classifier.predict(feeds["features"]), classifier.predict_proba(feeds["features"])
    answer = run_graph(model, feeds)
    assert set(stages) == {"N1", "N2", "N3", "R", "W"}
    np.testing.assert_allclose(answer["probabilities"], probabilities, rtol=0, atol=1e-7)
    second, best = np.sort(probabilities, axis=1)[:, -2:].T
    different = answer["label"] != stages
    np.testing.assert_array_equal(best[different], second[different])
