"""LightGBM's wrappers inside scikit-learn's pipelines, by the door of the sklearn plugin."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMModel, LGBMRanker, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import converter

pytest.importorskip("converter_sklearn")
SETTINGS: dict[str, Any] = {"n_estimators": 6, "num_leaves": 8, "verbose": -1, "n_jobs": 1}
LOADERS = {"LGBMClassifier": load_wine, "LGBMRegressor": load_diabetes, "LGBMRanker": load_diabetes, "LGBMModel": load_breast_cancer}


def fitted(last: Any, table: Any = None) -> Pipeline:
    rows, target = (table or LOADERS[type(last).__name__])(return_X_y=True)
    if isinstance(last, LGBMRanker):
        return make_pipeline(StandardScaler(), last).fit(rows, np.digitize(target, [100, 200]), lgbmranker__group=[200, 242])
    return make_pipeline(StandardScaler(), last).fit(rows, target)


def lines(report: Any) -> str:
    return "; ".join(attempt.line for attempt in report.attempts)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "last",
    [
        LGBMClassifier(**SETTINGS),
        LGBMRegressor(**SETTINGS),
        LGBMRanker(**SETTINGS),
        LGBMModel(objective="binary", **SETTINGS),
        LGBMRegressor(linear_tree=True, **SETTINGS),
        LGBMClassifier(boosting_type="rf", subsample=0.5, subsample_freq=1, **SETTINGS),
    ],
    ids=lambda last: f"{type(last).__name__}-{last.boosting_type}{'-linear' * ('linear_tree' in last.get_params())}",
)
def test_a_pipeline_that_ends_with_it_converts(last: Any, dtype: str, tmp_path: Path) -> None:
    model = fitted(last)
    report = converter.convert(model, tmp_path / "model.onnx", inputs=[f"x:{dtype}[batch,{model.n_features_in_}]"])
    assert report.framework == "sklearn"
    assert report.agrees, lines(report)


def test_a_pickled_pipeline_converts(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(fitted(LGBMClassifier(**SETTINGS))))
    report = converter.convert(tmp_path / "model.pkl", inputs=["x:float32[batch,13]"])
    assert report.agrees, lines(report)
    answer = converter.Session(report.published).run({"x": np.zeros((3, 13), np.float32)})
    assert answer["probabilities"].shape == (3, 3)


def test_words_and_categories_go_through(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = np.stack([rng.integers(0, 12, 400), rng.normal(size=400), rng.normal(size=400)], axis=-1)
    words = np.where(np.isin(rows[:, 0], [1, 4, 7]) ^ (rows[:, 1] > 0), "yes", "no")
    columns = ColumnTransformer([("kinds", "passthrough", [0]), ("numbers", StandardScaler(), [1, 2])])
    model = make_pipeline(columns, LGBMClassifier(min_child_samples=5, min_data_per_group=5, **SETTINGS))
    model.fit(rows, words, lgbmclassifier__categorical_feature=[0])
    report = converter.convert(model, tmp_path / "model.onnx", inputs=["x:float64[batch,3]"])
    assert report.agrees, lines(report)
    assert set(converter.Session(report.published).run({"x": rows})["label"]) == {"yes", "no"}


def test_it_may_vote_with_others(tmp_path: Path) -> None:
    voters = [("trees", LGBMClassifier(**SETTINGS)), ("line", LogisticRegression())]
    model = make_pipeline(StandardScaler(), VotingClassifier(voters, voting="soft", flatten_transform=False)).fit(*load_wine(return_X_y=True))
    report = converter.convert(model, tmp_path / "model.onnx", inputs=["x:float32[batch,13]"])
    assert report.agrees, lines(report)


def own_loss(target: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scores - target, np.ones_like(scores)


def test_a_classifier_without_probabilities_says_so() -> None:
    writers = pytest.importorskip("converter_lightgbm.steps").WRITERS
    rows, kinds = load_wine(return_X_y=True)
    model = LGBMClassifier(objective=own_loss, **SETTINGS).fit(rows, kinds > 0)
    assert writers[LGBMClassifier].fault(model) == "a classifier of an objective of one's own has no probabilities"
    assert writers[LGBMClassifier].fault(LGBMClassifier(**SETTINGS).fit(rows, kinds)) == ""
