"""The neutral ensemble decides as XGBoost does: leaf by leaf, on thresholds, beside them, and for whatever stands in a categorical column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from xgboost import XGBRegressor

from converter.plugin import LoadRequest, Source
from converter.trees import Ensemble, decide
from converter_xgboost.ensemble import node_numbers, whole_columns
from converter_xgboost.model import XGBoostModel, load


def loaded(model: Any, **options: Any) -> tuple[XGBoostModel, Ensemble]:
    found = load(LoadRequest(Source.of(model), options={"method": "leaf", **options}))
    assert isinstance(found.scorer, Ensemble)
    return found, found.scorer


def leaves(ensemble: Ensemble, rows: np.ndarray) -> np.ndarray:
    whole = rows.copy()
    whole[:, whole_columns(ensemble)] = np.floor(whole[:, whole_columns(ensemble)])
    return node_numbers(ensemble)[decide(ensemble, whole)]


@pytest.mark.parametrize("name", ["classifier", "wine", "regressor", "mixed"])
def test_every_leaf_is_xgboosts(name: str, request: pytest.FixtureRequest) -> None:
    model, ensemble = loaded(request.getfixturevalue(name))
    feeds = model.sample(np.random.default_rng(0), {"batch": 3000})
    np.testing.assert_array_equal(leaves(ensemble, feeds["features"]), model.run(feeds)["leaves"])


def test_every_threshold_is_met_and_missed_by_one_step(regressor: Any) -> None:
    model, ensemble = loaded(regressor)
    inner = ~ensemble.is_leaf
    asked = np.unique(np.stack([ensemble.features[inner], ensemble.thresholds[inner]], axis=1), axis=0)
    rows = np.tile(np.float32(load_diabetes().data[0]), (3 * len(asked), 1))
    at = asked[:, 1].astype(np.float32)
    beside = np.concatenate([np.nextafter(at, np.float32(-np.inf)), at, np.nextafter(at, np.float32(np.inf))])
    rows[np.arange(len(rows)), np.tile(asked[:, 0].astype(int), 3)] = beside
    np.testing.assert_array_equal(leaves(ensemble, rows), model.run({"features": rows})["leaves"])


@pytest.mark.parametrize("one_hot", [1, 100])
def test_strange_categories_take_xgboosts_way(one_hot: int) -> None:
    """Fractions are cut off, what is negative or too large is in no set, missing is not a category."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 40, 2000)
    rows = np.stack([kinds, rng.normal(size=2000)], axis=1)
    settings = {"n_estimators": 6, "max_depth": 3, "n_jobs": 1, "enable_categorical": True, "feature_types": ["c", "q"]}
    model, ensemble = loaded(XGBRegressor(max_cat_to_onehot=one_hot, **settings).fit(rows, np.isin(kinds, [0, 4, 33]) * 3 + rows[:, 1]))
    strange = [0, -0.0, -0.5, -1, 0.5, 0.999, 4, 4.99, 31, 32, 33, 39, 40, 63, 64, 1e6, 16777215, 16777216, 3e9, 1e30, np.inf, -np.inf, np.nan]
    asked = np.stack(np.meshgrid(np.float32(strange), np.float32([-1, 0, 1])), axis=-1).reshape(-1, 2)
    np.testing.assert_array_equal(leaves(ensemble, asked), model.run({"features": asked})["leaves"])
    assert len(np.unique(leaves(ensemble, asked)[:, 0])) > 3


def test_pruned_nodes_do_no_harm() -> None:
    settings = {"n_estimators": 5, "max_depth": 4, "n_jobs": 1, "tree_method": "exact", "gamma": 3e4}
    regressor = XGBRegressor(**settings).fit(*load_diabetes(return_X_y=True))
    model, ensemble = loaded(regressor)
    assert any(int(tree["tree_param"]["num_deleted"]) for tree in model.loaded.document.trees)
    feeds = model.sample(np.random.default_rng(0), {"batch": 500})
    np.testing.assert_array_equal(leaves(ensemble, feeds["features"]), model.run(feeds)["leaves"])


def test_the_iterations_that_are_asked_for_are_taken(wine: Any) -> None:
    model, ensemble = loaded(wine, iteration_begin=3, iteration_end=7)
    assert ensemble.trees == 12
    feeds = model.sample(np.random.default_rng(0), {"batch": 500})
    np.testing.assert_array_equal(leaves(ensemble, feeds["features"]), model.run(feeds)["leaves"])
