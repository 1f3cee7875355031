"""Trees as parts of pipelines and of other estimators: written as they are alone, and composed by the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import converter

FEW = {"n_estimators": 5, "random_state": 0}
FOREST = ensemble.RandomForestClassifier(max_depth=5, **FEW)
BOOSTING = ensemble.GradientBoostingClassifier(**FEW)
HISTOGRAMS = ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0)
EMBEDDING = ensemble.RandomTreesEmbedding(max_depth=3, **FEW)
CLASSIFIERS = {
    "tree": tree.DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": FOREST,
    "boosting": BOOSTING,
    "boosting after a forest": ensemble.GradientBoostingClassifier(init=FOREST, **FEW),
    "histograms": HISTOGRAMS,
    "bagging": ensemble.BaggingClassifier(max_features=0.5, **FEW),
    "bagging of forests": ensemble.BaggingClassifier(FOREST, max_features=0.5, **FEW),
    "adaboost": ensemble.AdaBoostClassifier(**FEW),
    "adaboost of histograms": ensemble.AdaBoostClassifier(ensemble.HistGradientBoostingClassifier(max_iter=3, max_depth=2), **FEW),
}
REGRESSORS = {
    "forest": ensemble.RandomForestRegressor(max_depth=5, **FEW),
    "boosting": ensemble.GradientBoostingRegressor(init=tree.DecisionTreeRegressor(max_depth=3), **FEW),
    "histograms": ensemble.HistGradientBoostingRegressor(max_iter=5, loss="poisson"),
    "bagging": ensemble.BaggingRegressor(ensemble.GradientBoostingRegressor(n_estimators=3), **FEW),
    "adaboost": ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=3), **FEW),
}
WINE, CANCER, DIABETES, LINNERUD = (
    datasets.load_wine(return_X_y=True),
    datasets.load_breast_cancer(return_X_y=True),
    *[getattr(datasets, f"load_{name}")(return_X_y=True) for name in ("diabetes", "linnerud")],
)
DTYPES = pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.slow)])


def check(estimator: Any, folder: Path, exporter: str | None = None, **options: str) -> None:
    report = converter.convert(estimator, folder / "model.onnx", options=options)
    assert report.agrees, [attempt.line for attempt in report.attempts]
    assert exporter is None or report.attempts[-1].exporter == exporter


@DTYPES
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_after_a_scaler(name: str, dtype: str, tmp_path: Path) -> None:
    check(make_pipeline(StandardScaler(), CLASSIFIERS[name]).fit(WINE[0][:, :6], WINE[1]), tmp_path, dtype=dtype)


@DTYPES
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_after_a_scaler(name: str, dtype: str, tmp_path: Path) -> None:
    check(make_pipeline(StandardScaler(), REGRESSORS[name]).fit(*DIABETES), tmp_path, dtype=dtype)


@DTYPES
@pytest.mark.parametrize("name", ["forest", "histograms", "boosting"])
def test_classifiers_after_an_imputer(name: str, dtype: str, tmp_path: Path) -> None:
    rows = np.where(np.random.default_rng(0).random(CANCER[0].shape) < 0.1, np.nan, CANCER[0])
    check(make_pipeline(SimpleImputer(), CLASSIFIERS[name]).fit(rows, CANCER[1]), tmp_path, dtype=dtype)


def test_trees_of_both_precisions_in_one_graph(tmp_path: Path) -> None:
    rows = np.where(np.random.default_rng(3).random(CANCER[0].shape) < 0.15, np.nan, CANCER[0])
    stacked = ensemble.StackingClassifier([("one", FOREST), ("two", HISTOGRAMS), ("three", ensemble.BaggingClassifier(**FEW))], cv=2)
    report = converter.convert(make_pipeline(SimpleImputer(), stacked).fit(rows, CANCER[1]), tmp_path / "model.onnx", exporter="direct")
    assert report.agrees, [attempt.line for attempt in report.attempts]


@pytest.mark.parametrize("name", ["tree", "forest", "histograms", "bagging", "adaboost"])
def test_classifiers_after_texts_and_numbers(name: str, people: Any, tmp_path: Path) -> None:
    columns = ColumnTransformer([("words", OneHotEncoder(), ["sex", "port"]), ("numbers", StandardScaler(), ["age", "fare"])], sparse_threshold=0)
    table = people[["sex", "port", "age", "fare"]].fillna(30)
    check(make_pipeline(columns, CLASSIFIERS[name]).fit(table, people["survived"]), tmp_path)


def test_codes_of_an_encoder_are_categories(people: Any, tmp_path: Path) -> None:
    columns = ColumnTransformer([("words", OrdinalEncoder(), ["sex", "port"])], remainder="passthrough")
    histograms = ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features=[0, 1])
    check(make_pipeline(columns, histograms).fit(people[["sex", "port", "age"]], people["survived"]), tmp_path)


@DTYPES
def test_leaves_are_columns_for_another_step(dtype: str, people: Any, tmp_path: Path) -> None:
    check(make_pipeline(EMBEDDING, LogisticRegression()).fit(*CANCER), tmp_path, dtype=dtype)
    check(make_pipeline(make_union(StandardScaler(), EMBEDDING), LogisticRegression(max_iter=500)).fit(*CANCER), tmp_path, dtype=dtype)
    columns = ColumnTransformer([("leaves", EMBEDDING, ["age"]), ("words", OneHotEncoder(), ["sex"])], sparse_threshold=0)
    check(make_pipeline(columns, LogisticRegression()).fit(people[["age", "sex"]], people["survived"]), tmp_path, dtype=dtype)


@DTYPES
def test_strange_rows_after_a_scaler(dtype: str, tmp_path: Path) -> None:
    check(make_pipeline(StandardScaler(), ensemble.IsolationForest(**FEW)).fit(WINE[0]), tmp_path, dtype=dtype)


@DTYPES
@pytest.mark.parametrize(
    "target",
    [
        np.stack([WINE[1], WINE[1] > 0], axis=1).astype(int),
        np.stack([np.array(["a", "b", "c"])[WINE[1]], np.array(["x", "y", "x"])[WINE[1]]], axis=1),
    ],
    ids=["numbers", "words"],
)
def test_outputs_of_different_classes(target: np.ndarray, dtype: str, tmp_path: Path) -> None:
    check(FOREST.fit(WINE[0], target), tmp_path, "direct", dtype=dtype)
    check(make_pipeline(StandardScaler(), FOREST).fit(WINE[0], target), tmp_path, dtype=dtype)


@DTYPES
@pytest.mark.parametrize("name", ["forest", "bagging of trees"])
def test_regressors_of_several_outputs(name: str, dtype: str, tmp_path: Path) -> None:
    estimator = {**REGRESSORS, "bagging of trees": ensemble.BaggingRegressor(**FEW)}[name]
    check(make_pipeline(StandardScaler(), estimator).fit(*LINNERUD), tmp_path, dtype=dtype)


@DTYPES
@pytest.mark.parametrize("method", ["probability", "raw"])
def test_the_method_is_that_of_the_last_step(method: str, dtype: str, tmp_path: Path) -> None:
    check(make_pipeline(StandardScaler(), BOOSTING).fit(*CANCER), tmp_path, method=method, dtype=dtype)


@DTYPES
@pytest.mark.parametrize("inner", [FOREST, BOOSTING, HISTOGRAMS, ensemble.AdaBoostClassifier(**FEW)], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "outer",
    [
        OneVsRestClassifier,
        lambda inner: CalibratedClassifierCV(inner, cv=2),
        lambda inner: GridSearchCV(inner, {"random_state": [0]}, cv=2),
        lambda inner: GridSearchCV(make_pipeline(StandardScaler(), inner), {}, cv=2),
        lambda inner: make_pipeline(SelectFromModel(FOREST), inner),
        lambda inner: ensemble.StackingClassifier([("one", inner), ("two", FOREST)], cv=2),
    ],
    ids=["one against the rest", "calibrated", "searched", "pipelines searched", "after a selection", "stacked"],
)
def test_classifiers_inside_others(outer: Callable[[Any], Any], inner: Any, dtype: str, tmp_path: Path) -> None:
    check(outer(inner).fit(CANCER[0][:, :6], CANCER[1]), tmp_path, dtype=dtype)


@DTYPES
def test_one_estimator_an_output(dtype: str, tmp_path: Path) -> None:
    check(MultiOutputClassifier(HISTOGRAMS).fit(WINE[0], np.stack([WINE[1] > 0, WINE[1] > 1], axis=1)), tmp_path, dtype=dtype)
    check(MultiOutputRegressor(ensemble.GradientBoostingRegressor(**FEW)).fit(*LINNERUD), tmp_path, dtype=dtype)


def test_a_ranker_at_the_end_of_a_pipeline_gives_numbers(tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed")
    ranker = make_pipeline(StandardScaler(), lightgbm.LGBMRanker(n_estimators=5, verbose=-1))
    check(ranker.fit(*WINE, lgbmranker__group=[60, 60, 58]), tmp_path)
