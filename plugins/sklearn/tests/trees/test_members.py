"""Ensembles whose members may be any estimators, what boosting begins with, and ensembles out of the common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import converter

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
FEW = {"n_estimators": 5, "random_state": 0}
WINE, CANCER, DIABETES = (getattr(datasets, f"load_{name}")(return_X_y=True) for name in ("wine", "breast_cancer", "diabetes"))


def check(model: Any, run_graph: Run, tolerance: float, count: int = 2000) -> dict[str, np.ndarray]:
    """The graph's answers to a model's own rows are the model's; returns these."""
    feeds = model.sample(np.random.default_rng(0), {"batch": count})
    got, want = run_graph(model, feeds), model.run(feeds)
    assert list(got) == list(want)
    for name, answer in want.items():
        assert got[name].shape == answer.shape
        if answer.dtype.kind == "f":
            np.testing.assert_allclose(got[name], answer, rtol=tolerance, atol=tolerance)
    return want


@DTYPES
@pytest.mark.parametrize("member", [LogisticRegression(C=1e-5), make_pipeline(StandardScaler(), LogisticRegression()), SVC(gamma=1e-5)], ids=str)
def test_bagging_over_other_classifiers(member: Any, dtype: str, load_model: Load, run_graph: Run) -> None:
    estimator = ensemble.BaggingClassifier(member, max_features=0.5, **FEW).fit(*CANCER)
    check(load_model(estimator, dtype=dtype), run_graph, 1e-5)


def test_bagging_over_another_regressor(load_model: Load, run_graph: Run) -> None:
    check(load_model(ensemble.BaggingRegressor(KNeighborsRegressor(), **FEW).fit(*DIABETES), dtype="float64"), run_graph, 1e-9)


def test_members_without_probabilities_vote(load_model: Load, run_graph: Run) -> None:
    rows = (WINE[0] - WINE[0].mean(axis=0)) / WINE[0].std(axis=0)
    model = load_model(ensemble.BaggingClassifier(LinearSVC(), **FEW).fit(rows, np.array(["red", "white", "rosé"])[WINE[1]]))
    want = check(model, run_graph, 1e-6)
    assert set(np.unique(want["probabilities"] * 5).round(6)) <= {0, 1, 2, 3, 4, 5}


class Unweighted(tree.DecisionTreeClassifier):
    """A tree that is given the rows that were drawn, not all of them with weights."""

    def fit(self, X: Any, y: Any) -> Any:  # noqa: N803 - as scikit-learn calls them
        return super().fit(X, y)


@DTYPES
@pytest.mark.parametrize("member", [Unweighted(max_depth=3), make_pipeline(StandardScaler(), tree.DecisionTreeClassifier(max_depth=3))], ids=str)
def test_members_may_have_seen_some_of_the_classes_only(member: Any, dtype: str, load_model: Load, run_graph: Run) -> None:
    target = np.where(np.arange(178) < 2, 2, WINE[1] % 2)
    estimator = ensemble.BaggingClassifier(member, max_samples=0.5, n_estimators=8, random_state=0).fit(WINE[0], target)
    assert {len(each.classes_) for each in estimator.estimators_} == {2, 3}
    check(load_model(estimator, dtype=dtype), run_graph, 1e-6 if dtype == "float32" else 1e-12)


@DTYPES
@pytest.mark.parametrize(
    "member", [ensemble.GradientBoostingClassifier(n_estimators=3), ensemble.HistGradientBoostingClassifier(max_iter=3)], ids=str
)
@pytest.mark.parametrize("table", [CANCER, WINE], ids=["two classes", "three classes"])
def test_the_decisions_of_members_are_averaged(member: Any, table: Any, dtype: str, load_model: Load, run_graph: Run) -> None:
    rows, target = table
    model = load_model(ensemble.BaggingClassifier(member, max_features=0.5, **FEW).fit(rows[:, :4], target), method="raw", dtype=dtype)
    check(model, run_graph, 1e-5 if dtype == "float32" else 1e-12)


@DTYPES
def test_the_decisions_of_other_members_are_averaged(dtype: str, load_model: Load, run_graph: Run) -> None:
    check(load_model(ensemble.BaggingClassifier(LogisticRegression(C=1e-5), **FEW).fit(*CANCER), method="raw", dtype=dtype), run_graph, 1e-5)


@DTYPES
def test_boosting_that_stops_after_a_perfect_tree(dtype: str, load_model: Load, run_graph: Run) -> None:
    estimator = ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(random_state=0), **FEW).fit(*CANCER)
    assert len(estimator.estimators_) == 1
    for method in ("predict", "raw"):
        check(load_model(estimator, method=method, dtype=dtype), run_graph, 1e-6 if dtype == "float32" else 1e-12)
    regressor = ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(random_state=0), **FEW).fit(np.arange(40.0)[:, None] // 20, np.arange(40) // 20)
    assert len(regressor.estimators_) < 5
    check(load_model(regressor, dtype=dtype), run_graph, 1e-12)


@DTYPES
def test_the_median_is_that_of_the_weights(dtype: str, load_model: Load, run_graph: Run) -> None:
    estimator = ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=3), n_estimators=30, random_state=0).fit(*DIABETES)
    want = check(load_model(estimator, dtype=dtype), run_graph, 1e-6 if dtype == "float32" else 1e-12)["prediction"]
    of_trees = np.unique(np.concatenate([each.tree_.value.ravel() for each in estimator.estimators_]))
    assert np.isin(want, of_trees).all()


@DTYPES
@pytest.mark.parametrize(
    "init",
    [
        "zero",
        DummyRegressor(strategy="quantile", quantile=0.3),
        tree.DecisionTreeRegressor(max_depth=4),
        ensemble.AdaBoostRegressor(n_estimators=3),
        ensemble.BaggingRegressor(ensemble.HistGradientBoostingRegressor(max_iter=3), n_estimators=2),
        ensemble.GradientBoostingRegressor(n_estimators=3, init=tree.ExtraTreeRegressor(max_depth=3)),
    ],
    ids=str,
)
def test_boosting_begins_where_another_regressor_stops(init: Any, dtype: str, load_model: Load, run_graph: Run) -> None:
    estimator = ensemble.GradientBoostingRegressor(init=init, **FEW).fit(*DIABETES)
    check(load_model(estimator, dtype=dtype), run_graph, 1e-6 if dtype == "float32" else 1e-12)


@DTYPES
@pytest.mark.parametrize("loss", ["log_loss", "exponential", "three classes"])
@pytest.mark.parametrize(
    "init",
    [
        "zero",
        DummyClassifier(strategy="uniform"),
        tree.DecisionTreeClassifier(),  # which is sure: 0 and 1 have no logarithms
        tree.DecisionTreeClassifier(max_depth=3),
        ensemble.RandomForestClassifier(7, random_state=0),
        ensemble.HistGradientBoostingClassifier(max_iter=3),
    ],
    ids=str,
)
def test_boosting_begins_where_another_classifier_stops(init: Any, loss: str, dtype: str, load_model: Load, run_graph: Run) -> None:
    given = {"loss": "exponential"} if loss == "exponential" else {}
    estimator = ensemble.GradientBoostingClassifier(init=init, **given, **FEW).fit(*(WINE if loss == "three classes" else CANCER))
    for method in ("raw", "predict"):
        check(load_model(estimator, method=method, dtype=dtype), run_graph, 5e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("init", [LinearRegression(), make_pipeline(StandardScaler(), LinearRegression())], ids=["linear", "pipeline"])
def test_boosting_begins_where_what_the_library_knows_stops(init: Any, load_model: Load, run_graph: Run) -> None:
    check(load_model(ensemble.GradientBoostingRegressor(init=init, **FEW).fit(*DIABETES)), run_graph, 1e-4)
    logistic = ensemble.GradientBoostingClassifier(init=make_pipeline(StandardScaler(), LogisticRegression(C=0.01)), **FEW)
    check(load_model(logistic.fit(*CANCER)), run_graph, 1e-4)


def test_a_random_beginning_is_refused(tmp_path: Any) -> None:
    estimator = ensemble.GradientBoostingClassifier(init=DummyClassifier(strategy="stratified"), **FEW).fit(*CANCER)
    with pytest.raises(
        converter.ConverterError, match="GradientBoostingClassifier cannot be written: its initial guess is drawn at random; skl2onnx: "
    ):
        converter.convert(estimator, tmp_path / "model.onnx", exporter="direct")


@DTYPES
def test_one_training_row_a_tree_makes_nothing_strange(dtype: str, load_model: Load, run_graph: Run) -> None:
    estimator = ensemble.IsolationForest(max_samples=1, **FEW).fit(WINE[0])
    want = check(load_model(estimator, dtype=dtype), run_graph, 1e-12)
    assert set(want["scores"]) == {0.0}


@DTYPES
def test_votes_of_whole_trees_decide_ties_as_scikit_learn(dtype: str, load_model: Load, run_graph: Run) -> None:
    rows, target = datasets.load_digits(return_X_y=True)
    model = load_model(ensemble.ExtraTreesClassifier(12, random_state=0).fit(rows[:500], target[:500]), dtype=dtype)
    feeds = model.sample(np.random.default_rng(0), {"batch": 6000})
    want = model.run(feeds)
    second, best = np.sort(want["probabilities"], axis=1)[:, -2:].T
    assert (best == second).sum() > 20
    np.testing.assert_array_equal(run_graph(model, feeds)["label"], want["label"])


@DTYPES
@pytest.mark.parametrize("target", [np.zeros(40), np.full(40, 3.5)], ids=["zero", "constant"])
def test_trees_of_one_leaf(target: np.ndarray, dtype: str, load_model: Load, run_graph: Run) -> None:
    rows = np.arange(80.0).reshape(40, 2)
    of_one_leaf = [
        tree.DecisionTreeRegressor(),
        ensemble.RandomForestRegressor(**FEW),
        ensemble.GradientBoostingRegressor(**FEW),
        ensemble.BaggingRegressor(**FEW),
        ensemble.HistGradientBoostingRegressor(max_iter=3),
    ]
    for estimator in of_one_leaf:
        for method in ("predict", *(["leaf"] if hasattr(estimator, "apply") else [])):
            check(load_model(estimator.fit(rows, target), method=method, dtype=dtype), run_graph, 1e-12, 10)


@DTYPES
def test_members_may_see_one_column_each(dtype: str, load_model: Load, run_graph: Run) -> None:
    for member in (None, tree.ExtraTreeRegressor(random_state=0)):
        estimator = ensemble.BaggingRegressor(member, max_features=1, **FEW).fit(DIABETES[0][:, :3], DIABETES[1])
        check(load_model(estimator, dtype=dtype), run_graph, 1e-6 if dtype == "float32" else 1e-12)
