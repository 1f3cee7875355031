"""CatBoost's wrappers inside scikit-learn's pipelines, by the door of the sklearn plugin."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import converter
from converter.plugin import UnreadableSource, UntrustedSource

pytest.importorskip("converter_sklearn")
SETTINGS: dict[str, Any] = {"iterations": 6, "depth": 3, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


def fitted(last: Any, *, two: bool = False) -> Pipeline:
    rows, target = (load_diabetes if isinstance(last, CatBoostRegressor) else load_wine)(return_X_y=True)
    return make_pipeline(StandardScaler(), last).fit(rows, target > 0 if two else target)


def agrees(model: Any, folder: Path, **arguments: Any) -> converter.Report:
    width = 10 if isinstance(model, Pipeline) and isinstance(model[-1], CatBoostRegressor) else 13
    report = converter.convert(model, folder / "model.onnx", inputs=[f"x:float32[batch,{width}]"], **arguments)
    assert report.framework == "sklearn"
    assert report.agrees, "; ".join(attempt.line for attempt in report.attempts)
    return report


@pytest.mark.parametrize("loss", ["RMSE", "Poisson", "RMSEWithUncertainty"])
def test_a_pipeline_that_ends_with_a_regressor_converts(loss: str, tmp_path: Path) -> None:
    agrees(fitted(CatBoostRegressor(loss_function=loss, **SETTINGS)), tmp_path)


@pytest.mark.parametrize("loss", ["MultiClass", "MultiClassOneVsAll"])
def test_a_pipeline_that_ends_with_a_classifier_converts(loss: str, tmp_path: Path) -> None:
    agrees(fitted(CatBoostClassifier(loss_function=loss, **SETTINGS)), tmp_path)


def test_a_pipeline_of_two_classes_converts(tmp_path: Path) -> None:
    agrees(fitted(CatBoostClassifier(grow_policy="Lossguide", **SETTINGS), two=True), tmp_path)


def test_a_pickled_pipeline_converts(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(fitted(CatBoostClassifier(**SETTINGS))))
    report = agrees(path, tmp_path)
    answer = converter.Session(report.published).run({"x": np.zeros((3, 13), np.float32)})
    assert answer["probabilities"].shape == (3, 3)


def test_the_model_in_a_pickled_pipeline_is_looked_at_first(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(fitted(CatBoostClassifier(**SETTINGS))).replace(b"FlabuffersModel_v1", b"FlabuffersModel_v9"))
    with pytest.raises(UnreadableSource, match="its format is 'FlabuffersModel_v9'"):
        converter.convert(path, tmp_path / "model.onnx", inputs=["x:float32[batch,13]"])


class Own(CatBoostRegressor):
    """A step that is not CatBoost's own."""


def test_a_step_of_ones_own_needs_trust(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(fitted(Own(**SETTINGS))))
    with pytest.raises(UntrustedSource, match=r"names .*test_steps\.Own"):
        converter.convert(path, tmp_path / "model.onnx", inputs=["x:float32[batch,10]"])


def test_it_may_vote_with_others(tmp_path: Path) -> None:
    voters = [("trees", CatBoostClassifier(**SETTINGS)), ("line", LogisticRegression())]
    model = make_pipeline(StandardScaler(), VotingClassifier(voters, voting="soft", flatten_transform=False))
    agrees(model.fit(*load_wine(return_X_y=True)), tmp_path)


def test_a_step_of_categories_says_so() -> None:
    writers = pytest.importorskip("converter_catboost.steps").WRITERS

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"kind": rng.choice(["x", "y", "z"], 90).astype(object), "size": rng.normal(size=90)})
    model = CatBoostClassifier(**SETTINGS).fit(table, table["kind"] == "x", cat_features=["kind"])
    assert writers[CatBoostClassifier].fault(model) == "it takes categorical features, and a step of a pipeline reads numbers"
    assert writers[CatBoostClassifier].fault(CatBoostClassifier(**SETTINGS).fit(table[["size"]], table["kind"] == "x")) == ""
