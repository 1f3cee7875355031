"""The rows that prove trees: one case of the usual size comes to both sides of the splits; strange values come where the estimator takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from converter_sklearn.sampling import rows_of
from converter_sklearn.trees.splits import splits_of

FEW = {"n_estimators": 6, "random_state": 0}
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
OF_TREES = {
    "tree": tree.DecisionTreeRegressor(max_depth=6, random_state=0),
    "forest": ensemble.RandomForestRegressor(max_depth=6, **FEW),
    "boosting": ensemble.GradientBoostingRegressor(init=tree.DecisionTreeRegressor(max_depth=3), **FEW),
    "bagging": ensemble.BaggingRegressor(tree.DecisionTreeRegressor(max_depth=5), max_features=0.5, **FEW),
    "adaboost": ensemble.AdaBoostRegressor(tree.DecisionTreeRegressor(max_depth=4), **FEW),
    "isolation": ensemble.IsolationForest(max_features=0.5, **FEW),
}


def trees_of(estimator: Any) -> Iterator[tuple[Any, np.ndarray | None]]:
    """The single trees inside, and the columns that each sees."""
    if hasattr(estimator, "tree_"):
        yield estimator.tree_, None
        return
    columns = getattr(estimator, "estimators_features_", None)
    for place, member in enumerate(np.ravel(estimator.estimators_) if isinstance(estimator.estimators_, np.ndarray) else estimator.estimators_):
        yield member.tree_, None if columns is None else columns[place]
    if hasattr(getattr(estimator, "init_", None), "tree_"):
        yield estimator.init_.tree_, None


def sides_seen(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """For each split whether some row comes to it with the last value that goes left, and with the first that goes right, bool [splits, 2]."""
    seen = []
    for inside, columns in trees_of(estimator):
        mine = (rows if columns is None else rows[:, columns]).astype(np.float32)
        passes = inside.decision_path(mine).toarray().astype(bool)
        for split in np.flatnonzero(inside.children_left >= 0):
            nearest = np.float32(inside.threshold[split])
            last = nearest if nearest <= inside.threshold[split] else np.nextafter(nearest, np.float32(-np.inf))
            values = mine[passes[:, split], inside.feature[split]]
            seen.append([(values == last).any(), (values == np.nextafter(last, np.float32(np.inf))).any()])
    return np.array(seen)


@DTYPES
@pytest.mark.parametrize("name", OF_TREES)
def test_one_case_comes_to_both_sides_of_the_splits(name: str, dtype: str, load_model: Callable[..., Any]) -> None:
    estimator = OF_TREES[name].fit(*datasets.load_diabetes(return_X_y=True))
    model = load_model(estimator, dtype=dtype)
    (matrix,) = model.sample(np.random.default_rng(0), {"batch": model.axes["batch"].usual}).values()
    assert matrix.dtype == dtype
    assert sides_seen(estimator, matrix).mean() > 0.95  # some splits cannot be reached


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_a_step_that_keeps_the_columns_is_looked_through(name: str, load_model: Callable[..., Any]) -> None:
    rows, target = datasets.load_diabetes(return_X_y=True)
    pipeline = make_pipeline(SimpleImputer(), OF_TREES[name]).fit(rows, target)
    (matrix,) = load_model(pipeline).sample(np.random.default_rng(0), {"batch": 4000}).values()
    assert sides_seen(pipeline[-1], np.where(np.isnan(matrix), 0, matrix)).mean() > 0.5
    assert load_model(make_pipeline(StandardScaler(), OF_TREES[name]).fit(rows, target)).layout.splits is None


def test_large_ensembles_get_as_many_rows_as_are_soon_answered() -> None:
    rows, target = datasets.load_diabetes(return_X_y=True)
    few, many = (ensemble.RandomForestRegressor(count, random_state=0).fit(rows, target) for count in (4, 400))
    axes = [rows_of(splits_of(each, 10)) for each in (few, many)]
    assert axes[0].usual == 2 * sum((each.tree_.children_left >= 0).sum() for each in few.estimators_) * 4 // 3 + 1
    assert 512 < axes[1].usual < 4000
    assert rows_of(None).usual == 512


@pytest.mark.parametrize(
    ("estimator", "nan", "infinite"),
    [
        (ensemble.RandomForestClassifier(**FEW), True, False),
        (tree.DecisionTreeClassifier(), True, False),
        (ensemble.GradientBoostingClassifier(**FEW), False, False),
        (ensemble.HistGradientBoostingClassifier(max_iter=3), True, True),
        (ensemble.BaggingClassifier(**FEW), True, False),
        (ensemble.BaggingClassifier(ensemble.HistGradientBoostingClassifier(max_iter=3), max_features=0.5, **FEW), True, True),
        (ensemble.AdaBoostClassifier(**FEW), False, False),
        (ensemble.IsolationForest(**FEW), True, True),
    ],
    ids=lambda each: type(each).__name__ if hasattr(each, "fit") else "",
)
def test_strange_values_come_where_they_are_taken(estimator: Any, nan: bool, infinite: bool, load_model: Callable[..., Any]) -> None:  # noqa: FBT001
    model = load_model(estimator.fit(*datasets.load_wine(return_X_y=True)))
    (matrix,) = model.sample(np.random.default_rng(0), {"batch": 2000}).values()
    assert np.isnan(matrix).any() == nan
    assert np.isinf(matrix).any() == infinite
    assert len(model.run({"features": matrix})["label"]) == 2000


def test_a_threshold_that_sends_every_number_left_gets_the_largest(load_model: Callable[..., Any]) -> None:
    rows, target = datasets.load_wine(return_X_y=True)
    rows[:, 3] = np.where(np.arange(len(rows)) % 2 > 0, np.nan, 1.0)  # only that it is missing tells something
    model = load_model(tree.DecisionTreeClassifier().fit(rows[:, 3:4], target * 0 + np.isnan(rows[:, 3])))
    assert np.isinf(model.estimator.tree_.threshold).any()
    (matrix,) = model.sample(np.random.default_rng(0), {"batch": 200}).values()
    assert np.nanmax(matrix) == np.finfo(np.float32).max
    assert not np.isinf(matrix).any()
    assert set(model.run({"features": matrix})["label"]) == {0, 1}
