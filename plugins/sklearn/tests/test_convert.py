"""The whole way: a file or a live object becomes a proven graph, or a refusal with its reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import converter
from converter.errors import UntrustedSource


@pytest.mark.parametrize("form", ["skops", "pkl", "joblib compressed"])
def test_a_pipeline_of_texts_and_numbers_converts_from_its_file_alone(pipeline: Any, files: Any, form: str) -> None:
    path = files(pipeline, form)
    report = converter.convert(path)
    assert report.agrees
    assert report.framework == "sklearn"
    assert report.published == path.with_suffix(".onnx")
    sizes = {case.sizes["batch"] for case in report.cases}
    assert sizes >= {1, 2}
    assert max(sizes) >= 512
    feeds = {"age": [[30]], "fare": [[80.0]], "sex": [["female"]], "port": [["Nowhere"]], "class": [[2]]}
    arrays = {name: np.array(value, {"age": np.float32, "fare": np.float32, "class": np.int64}.get(name, object)) for name, value in feeds.items()}
    got = converter.Session(report.published).run(arrays)
    assert got["label"].tolist()[0] in {"yes", "no"}
    assert got["probabilities"].shape == (1, 2)


def test_a_live_pipeline_converts_with_its_table(pipeline: Any, people: Any, tmp_path: Path) -> None:
    people.to_csv(tmp_path / "train.csv", index=False)
    report = converter.convert(pipeline, tmp_path / "model.onnx", data=tmp_path / "train.csv")
    assert report.agrees
    assert [(each.name, each.dtype) for each in report.spec.inputs][:2] == [("age", "int64"), ("fare", "float32")]
    assert any("train.csv" in case.origin for case in report.cases)
    assert json.loads(report.spec.metadata["classes"]) == ["no", "yes"]


@pytest.mark.parametrize(
    "estimator",
    [DecisionTreeClassifier(random_state=0), make_pipeline(StandardScaler(), SVC(random_state=0)), make_pipeline(StandardScaler(), PCA(3))],
    ids=["tree", "svc", "pca"],
)
def test_the_wine_table(estimator: Any, tmp_path: Path) -> None:
    report = converter.convert(estimator.fit(*load_wine(return_X_y=True, as_frame=True)), tmp_path / "model.onnx")
    assert report.agrees
    assert report.max_abs < 1e-5


def test_a_forest_agrees_on_its_thresholds(forest: Any, tmp_path: Path) -> None:
    report = converter.convert(forest, tmp_path / "model.onnx")
    assert report.agrees
    assert report.max_abs < 1e-6


def test_a_regressor(tmp_path: Path) -> None:
    report = converter.convert(
        GradientBoostingRegressor(n_estimators=20, random_state=0).fit(*load_diabetes(return_X_y=True)), tmp_path / "model.onnx"
    )
    assert report.agrees
    assert converter.Session(tmp_path / "model.onnx").run({"features": np.zeros((3, 10), np.float32)})["prediction"].shape == (3,)


def test_a_pipeline_of_texts_is_right_on_accents(tmp_path: Path) -> None:
    texts = ["the café is open", "İstanbul is large", "a naïve idea", "ΣΟΦΟΣ was here", "nothing to see"] * 8
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(texts, ["yes", "no", "yes", "no", "no"] * 8)
    report = converter.convert(pipeline, tmp_path / "model.onnx")
    assert report.agrees
    unseen = ["ΣΟΦΌΣ CAFÉ", "iİi naïveté", "", "the CAFÉ, the İdea"]
    answer = converter.Session(tmp_path / "model.onnx", device="cpu").run({"text": np.array(unseen, object)})
    np.testing.assert_allclose(answer["probabilities"], pipeline.predict_proba(unseen), atol=1e-6)
    assert answer["label"].tolist() == pipeline.predict(unseen).tolist()


def test_what_the_library_does_wrongly_is_refused(tmp_path: Path) -> None:
    rows, target = load_diabetes(return_X_y=True)
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"what was there")
    report = converter.convert(DecisionTreeRegressor(max_depth=6).fit(rows, target), destination, exporter="skl2onnx")
    assert not report.agrees
    assert report.published is None
    assert destination.read_bytes() == b"what was there"
    (attempt,) = report.attempts
    assert attempt.exporter == "skl2onnx"
    assert attempt.diagnosis.startswith("output prediction differs in ")


def test_the_command_line_refuses_a_pickle_that_carries_a_command(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    path = tmp_path / "model.pkl"
    path.write_bytes(b"cposix\nsystem\n(S'touch " + str(witness).encode() + b"'\ntR.")
    with pytest.raises(UntrustedSource, match=r"model\.pkl names posix\.system"):
        converter.convert(path)
    ran = subprocess.run(
        [sys.executable, "-c", "from converter.cli import main; main()", "convert", str(path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 3
    assert "model.pkl names posix.system, which is not allowed" in ran.stderr
    assert "skops" in ran.stderr
    assert not witness.exists()
    assert not path.with_suffix(".onnx").exists()
