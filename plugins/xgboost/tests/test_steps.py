"""XGBoost's wrappers inside scikit-learn's pipelines, by the door of the sklearn plugin."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBModel, XGBRanker, XGBRegressor, XGBRFClassifier, XGBRFRegressor

import converter

pytest.importorskip("converter_sklearn")
SETTINGS: dict[str, Any] = {"n_estimators": 6, "max_depth": 3, "n_jobs": 1}


def fitted(last: Any) -> Pipeline:
    rows, target = (load_wine if isinstance(last, XGBClassifier) else load_diabetes)(return_X_y=True)
    if isinstance(last, XGBRanker):
        return make_pipeline(StandardScaler(), last).fit(rows, np.digitize(target, [100, 200]), xgbranker__group=[200, 242])
    return make_pipeline(StandardScaler(), last).fit(rows, target)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor, XGBRanker, XGBModel])
def test_a_pipeline_that_ends_with_it_converts(kind: Any, dtype: str, tmp_path: Path) -> None:
    """XGBoost answers in float32 to rows of float64 too, and is compared as such."""
    model = fitted(kind(**SETTINGS))
    report = converter.convert(model, tmp_path / "model.onnx", inputs=[f"x:{dtype}[batch,{model.n_features_in_}]"])
    assert report.framework == "sklearn"
    assert report.agrees, "; ".join(attempt.line for attempt in report.attempts)


def test_a_ranker_scores_as_it_does_itself(tmp_path: Path) -> None:
    model = fitted(XGBRanker(**SETTINGS))
    report = converter.convert(model, tmp_path / "model.onnx", inputs=["x:float64[batch,10]"])
    rows = load_diabetes(return_X_y=True)[0]
    (scores,) = converter.Session(report.published).run({"x": rows}).values()
    np.testing.assert_allclose(scores, model.predict(rows), rtol=1e-5, atol=1e-6)
    assert len(np.unique(scores)) > 20


def test_a_regressor_that_tells_classes_gives_them_as_numbers(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), XGBRegressor(objective="multi:softmax", num_class=3, **SETTINGS)).fit(*load_wine(return_X_y=True))
    report = converter.convert(model, tmp_path / "model.onnx", inputs=["x:float32[batch,13]"])
    assert report.agrees, "; ".join(attempt.line for attempt in report.attempts)


def test_a_pickled_pipeline_converts(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(fitted(XGBClassifier(**SETTINGS))))
    report = converter.convert(tmp_path / "model.pkl", inputs=["x:float32[batch,13]"])
    assert report.agrees, "; ".join(attempt.line for attempt in report.attempts)
    answer = converter.Session(report.published).run({"x": np.zeros((3, 13), np.float32)})
    assert answer["probabilities"].shape == (3, 3)


def test_it_may_vote_with_others(tmp_path: Path) -> None:
    voters = [("trees", XGBClassifier(**SETTINGS)), ("line", LogisticRegression())]
    model = make_pipeline(StandardScaler(), VotingClassifier(voters, voting="soft", flatten_transform=False)).fit(*load_wine(return_X_y=True))
    report = converter.convert(model, tmp_path / "model.onnx", inputs=["x:float32[batch,13]"])
    assert report.agrees, "; ".join(attempt.line for attempt in report.attempts)


def test_a_classifier_without_probabilities_says_so() -> None:
    writers = pytest.importorskip("converter_xgboost.steps").WRITERS

    rows, kinds = load_wine(return_X_y=True)
    model = XGBClassifier(objective="binary:logitraw", **SETTINGS).fit(rows, kinds > 0)
    assert writers[XGBClassifier].fault(model) == "a classifier of binary:logitraw has no probabilities"
    assert writers[XGBClassifier].fault(XGBClassifier(**SETTINGS).fit(rows, kinds)) == ""
