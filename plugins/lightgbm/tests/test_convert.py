"""The whole way: a file or a live object becomes a proven graph, or a refusal with its reason."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier

import converter

SETTINGS: dict[str, Any] = {"n_estimators": 12, "num_leaves": 8, "verbose": -1, "n_jobs": 1, "random_state": 0}


def test_a_text_model_converts_from_its_file_alone(wine: Any, tmp_path: Path) -> None:
    wine.booster_.save_model(tmp_path / "booster.txt")
    report = converter.convert(tmp_path / "booster.txt")
    assert report.agrees
    assert report.framework == "lightgbm"
    assert report.published == tmp_path / "booster.onnx"
    assert {case.sizes["batch"] for case in report.cases} >= {1, 2, 512}
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
    assert [each.exporter for each in report.attempts] == ["onnxmltools"]


def test_a_table_becomes_cases(classifier: Any, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    cancer[0].assign(target=cancer[1]).to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(classifier, tmp_path / "model.onnx", data=tmp_path / "train.csv")
    assert report.agrees
    assert any("train.csv" in case.origin for case in report.cases)


@pytest.mark.parametrize("setting", ["linear_tree", "zero_as_missing"])
def test_what_the_library_does_wrongly_is_refused(tmp_path: Path, setting: str) -> None:
    rng = np.random.default_rng(0)
    table = np.where(rng.random((600, 4)) < 0.3, 0, rng.normal(size=(600, 4)))
    target = table[:, 0] + 0.5 * (table[:, 1] == 0) > 0.3
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"what was there")
    report = converter.convert(LGBMClassifier(**{setting: True}, **SETTINGS).fit(table, target), destination)
    assert not report.agrees
    assert report.published is None
    assert destination.read_bytes() == b"what was there"
    (attempt,) = report.attempts
    assert "output probabilities differs in" in attempt.diagnosis
