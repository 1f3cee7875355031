"""The whole way: a file or a live object becomes a proven graph, or a refusal with its reason."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier

import converter
from converter.trees import Ensemble
from converter_lightgbm.ensemble import ensemble_of
from converter_lightgbm.exporters import direct
from converter_lightgbm.trees import rounded_down

DATA = Path(__file__).parent / "data"
SETTINGS: dict[str, Any] = {"n_estimators": 12, "num_leaves": 8, "verbose": -1, "n_jobs": 1, "random_state": 0}


def test_a_text_model_converts_from_its_file_alone(wine: Any, tmp_path: Path) -> None:
    wine.booster_.save_model(tmp_path / "booster.txt")
    report = converter.convert(tmp_path / "booster.txt")
    assert report.agrees
    assert report.framework == "lightgbm"
    assert report.published == tmp_path / "booster.onnx"
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


@pytest.mark.parametrize("name", ["classifier", "mixed", "regressor"])
def test_live_models_convert(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    report = converter.convert(request.getfixturevalue(name), tmp_path / "model.onnx")
    assert report.agrees
    assert [each.exporter for each in report.attempts] == ["direct"]


def test_a_table_becomes_cases(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    cancer[0].assign(target=cancer[1]).to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(classifier, tmp_path / "model.onnx", data=tmp_path / "train.csv")
    assert report.agrees
    assert any("train.csv" in case.origin for case in report.cases)


@pytest.mark.parametrize(
    "options", [{"dtype": "float64"}, {"method": "raw"}, {"method": "leaf"}, {"num_iteration": 3, "method": "probability"}], ids=str
)
def test_options_are_honoured(mixed: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    report = converter.convert(mixed, tmp_path / "model.onnx", options=options)
    assert report.agrees
    assert report.spec.inputs[0].dtype == options.get("dtype", "float32")


@pytest.mark.parametrize("setting", ["linear_tree", "zero_as_missing"])
def test_what_onnxmltools_does_wrongly_is_refused(tmp_path: Path, setting: str) -> None:
    rng = np.random.default_rng(0)
    table = np.where(rng.random((600, 4)) < 0.3, 0, rng.normal(size=(600, 4)))
    target = table[:, 0] + 0.5 * (table[:, 1] == 0) > 0.3
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"what was there")
    model = LGBMClassifier(**{setting: True}, **SETTINGS).fit(table, target)
    report = converter.convert(model, destination, exporter="onnxmltools")
    assert not report.agrees
    assert report.published is None
    assert destination.read_bytes() == b"what was there"
    (attempt,) = report.attempts
    assert "output probabilities differs in" in attempt.diagnosis
    assert converter.convert(model, destination).agrees


def _one_step_up(ensemble: Ensemble) -> Ensemble:
    """The first tree's first threshold, one float32 up."""
    thresholds = ensemble.thresholds.copy()
    thresholds[0] = np.nextafter(np.float32(thresholds[0]), np.float32(np.inf))
    return replace(ensemble, thresholds=thresholds)


def _one_step_down(ensemble: Ensemble) -> Ensemble:
    thresholds = ensemble.thresholds.copy()
    thresholds[0] = np.nextafter(rounded_down(thresholds[:1])[0].astype(np.float32), np.float32(-np.inf))
    return replace(ensemble, thresholds=thresholds)


def _leaves_swapped(ensemble: Ensemble) -> Ensemble:
    """The last tree's first two leaves have each other's weight."""
    weights = ensemble.leaf_weights.copy()
    first = ensemble.leaf_starts[ensemble.roots[-1]]
    weights[[first, first + 1]] = weights[[first + 1, first]]
    return replace(ensemble, leaf_weights=weights)


def _a_tree_less(ensemble: Ensemble) -> Ensemble:
    """Nothing of the last tree counts."""
    weights = ensemble.leaf_weights.copy()
    weights[ensemble.leaf_starts[ensemble.roots[-1]] :] = 0
    return replace(ensemble, leaf_weights=weights)


def _missing_to_the_other_side(ensemble: Ensemble) -> Ensemble:
    return replace(ensemble, missing=~ensemble.missing)


def _as_it_is(ensemble: Ensemble) -> Ensemble:
    return ensemble


@pytest.mark.parametrize("mutation", [_one_step_up, _one_step_down, _leaves_swapped, _a_tree_less, _missing_to_the_other_side, _as_it_is])
def test_a_wrongly_written_ensemble_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutation: Callable[[Ensemble], Ensemble]) -> None:
    rng = np.random.default_rng(1)
    rows = np.where(rng.random((500, 3)) < 0.1, np.nan, rng.normal(size=(500, 3)))
    model = LGBMClassifier(**SETTINGS).fit(rows, np.nan_to_num(rows).sum(axis=1) > 0)
    monkeypatch.setattr(direct, "ensemble_of", lambda *given: mutation(ensemble_of(*given)))
    report = converter.convert(model, tmp_path / "model.onnx", exporter="direct")
    assert report.agrees == (mutation is _as_it_is)
    assert (tmp_path / "model.onnx").exists() == report.agrees


@pytest.mark.parametrize("version", ["2.1.2", "2.2.3", "3.3.5"])
def test_models_of_older_versions_convert(tmp_path: Path, version: str) -> None:
    name = f"lightgbm-{version}"
    report = converter.convert(DATA / f"{name}.txt", tmp_path / "model.onnx")
    assert report.agrees
    known = json.loads((DATA / f"{name}.json").read_text())  # what that version itself answered
    rows = np.array([[np.nan if value is None else value for value in row] for row in known["rows"]], np.float32)
    answer = converter.Session(report.published).run({"features": rows})["probabilities"]
    np.testing.assert_allclose(answer if np.ndim(known["answers"]) == 2 else answer[:, 1], known["answers"], rtol=1e-5)
