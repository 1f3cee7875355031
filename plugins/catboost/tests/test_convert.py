"""The whole way: a file or a live object becomes a proven graph, or a refusal with its reason; a wrong graph is rejected."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier
from sklearn.datasets import load_wine

import converter
from converter.trees import Ensemble
from converter_catboost.exporters import direct

SETTINGS: dict[str, Any] = {"iterations": 12, "depth": 3, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


@pytest.mark.parametrize("name", ["model.cbm", "model.json"])
def test_a_file_converts_alone(wine: Any, tmp_path: Path, name: str) -> None:
    wine.save_model(str(tmp_path / name), format=name.partition(".")[2])
    report = converter.convert(tmp_path / name)
    assert report.agrees
    assert report.framework == "catboost"
    assert report.published == tmp_path / "model.onnx"
    assert [each.exporter for each in report.attempts] == ["direct"]
    sizes = {case.sizes["batch"] for case in report.cases}
    assert sizes >= {1, 2}
    assert max(sizes) >= 512
    answer = converter.Session(report.published).run({"features": np.zeros((4, 13), np.float32)})
    assert answer["label"].shape == (4,)
    assert answer["probabilities"].shape == (4, 3)


def test_a_pickled_classifier_keeps_its_words(classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(classifier))
    report = converter.convert(tmp_path / "model.pkl")
    assert report.agrees
    assert report.max_abs < 1e-6
    answer = converter.Session(report.published).run({"features": np.zeros((2, 30), np.float32)})
    assert set(answer["label"]) <= {"benign", "malignant"}


@pytest.mark.parametrize("name", ["classifier", "lopsided", "regressor"])
def test_live_models_convert(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert converter.convert(request.getfixturevalue(name), tmp_path / "model.onnx").agrees


@pytest.mark.parametrize("options", [{"method": "leaf"}, {"method": "raw", "dtype": "float64"}, {"iteration_end": 3}])
def test_options_convert(wine: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    report = converter.convert(wine, tmp_path / "model.onnx", options=options)
    assert report.agrees
    assert report.max_abs < (1e-12 if "dtype" in options else 1e-5)


def test_a_table_becomes_cases(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    cancer[0].assign(target=cancer[1]).to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(classifier, tmp_path / "model.onnx", data=tmp_path / "train.csv")
    assert report.agrees
    assert any("train.csv" in case.origin for case in report.cases)


def test_the_softmax_that_catboost_writes_for_sigmoids_is_rejected(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 4))
    model = CatBoostClassifier(loss_function="MultiClassOneVsAll", **SETTINGS).fit(rows, np.digitize(rows[:, 0], [-0.5, 0.5]))
    report = converter.convert(model, tmp_path / "own.onnx", exporter="catboost")
    assert not report.agrees
    assert report.published is None
    assert "output probabilities differs in" in report.attempts[0].diagnosis
    assert converter.convert(model, tmp_path / "direct.onnx").agrees


def border_moved(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """One border of one level of a tree is one float32 higher."""
    node = rng.choice(np.nonzero(~ensemble.is_leaf)[0])
    thresholds, tree = ensemble.thresholds.copy(), np.searchsorted(ensemble.roots, node, "right") - 1
    last = [*ensemble.roots, ensemble.nodes][tree + 1]
    mine = np.arange(ensemble.roots[tree], last)
    mine = mine[(ensemble.thresholds[mine] == thresholds[node]) & (ensemble.features[mine] == ensemble.features[node])]
    thresholds[mine] = np.nextafter(np.float32(thresholds[node]), np.float32(np.inf))
    return dataclasses.replace(ensemble, thresholds=thresholds)


def leaves_swapped(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """The two halves of a tree's leaves have changed places."""
    weights, tree = ensemble.leaf_weights.copy(), int(rng.integers(ensemble.trees))
    first, stop = ensemble.leaf_starts[[*ensemble.roots, ensemble.nodes]][[tree, tree + 1]]
    weights[first:stop] = np.roll(weights[first:stop], (stop - first) // 2)
    return dataclasses.replace(ensemble, leaf_weights=weights)


def tree_emptied(ensemble: Ensemble, rng: np.random.Generator) -> Ensemble:
    """A tree adds nothing."""
    weights, tree = ensemble.leaf_weights.copy(), int(rng.integers(ensemble.trees))
    first, stop = ensemble.leaf_starts[[*ensemble.roots, ensemble.nodes]][[tree, tree + 1]]
    weights[first:stop] = 0
    return dataclasses.replace(ensemble, leaf_weights=weights)


def missing_turned(ensemble: Ensemble, _rng: np.random.Generator) -> Ensemble:
    """Missing values go the other way."""
    return dataclasses.replace(ensemble, missing=~ensemble.missing)


@pytest.fixture(scope="module")
def large() -> Any:
    """A model of so many symmetric trees that they are not walked."""
    settings = SETTINGS | {"iterations": 130, "depth": 4, "learning_rate": 0.3}
    return CatBoostClassifier(**settings).fit(*load_wine(return_X_y=True))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["wine", "large"])
@pytest.mark.parametrize("wrong", [border_moved, leaves_swapped, tree_emptied, missing_turned])
def test_a_wrongly_written_ensemble_is_rejected(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    wrong: Callable[[Ensemble, np.random.Generator], Ensemble],
    seed: int,
) -> None:
    right, rng = direct.ensemble_of, np.random.default_rng(seed)
    monkeypatch.setattr(direct, "ensemble_of", lambda *arguments: wrong(right(*arguments), rng))
    report = converter.convert(request.getfixturevalue(name), tmp_path / "model.onnx", exporter="direct", options={"method": "raw"})
    assert not report.agrees
    assert not (tmp_path / "model.onnx").exists()
