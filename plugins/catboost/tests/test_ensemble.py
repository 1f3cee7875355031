"""The neutral ensemble of a binary model: the same leaves and the same sums as CatBoost's own, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from sklearn.datasets import load_diabetes, load_wine

from converter.trees import decide, scores
from converter_catboost.columns import columns_of
from converter_catboost.ensemble import ensemble_of, leaf_numbers, splits_of, width_of
from converter_catboost.model_blob import ModelBlob, read

SETTINGS: dict[str, Any] = {"iterations": 15, "depth": 4, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


def rows(blob: ModelBlob, count: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([column.draw(rng, count, np.dtype(np.float32)) for column in columns_of(blob)], axis=-1)


def with_gaps(table: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(table.shape) < 0.1, np.nan, table)


def agrees(model: Any, blob: ModelBlob, trees: int) -> bool:
    """See that leaves are equal and sums are equal to the last digits; tell whether the leaves differ among themselves."""
    table = rows(blob)
    ensemble = ensemble_of(blob, trees, splits_of(blob))
    ensemble.check()
    reached = decide(ensemble, table)
    numbers = leaf_numbers(blob, trees)[reached]
    np.testing.assert_array_equal(numbers, model.calc_leaf_indexes(table, ntree_end=trees))
    raw = model.predict(table, prediction_type="RawFormulaVal", ntree_end=trees)
    np.testing.assert_allclose(scores(ensemble, table).reshape(raw.shape), raw, rtol=1e-12, atol=1e-12)
    return bool((numbers != numbers[0]).any())


@pytest.mark.parametrize("nan_mode", ["Min", "Max", "Forbidden"])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Depthwise", "Lossguide"])
@pytest.mark.parametrize("kinds", [2, 3])
def test_every_leaf_is_catboosts(policy: str, nan_mode: str, kinds: int) -> None:
    table, target = load_wine(return_X_y=True)
    table = table if nan_mode == "Forbidden" else with_gaps(table)
    model = CatBoostClassifier(grow_policy=policy, nan_mode=nan_mode, **SETTINGS).fit(table, np.minimum(target, kinds - 1))
    blob = read(model._serialize_model())
    assert blob.symmetric == (policy == "SymmetricTree")
    assert agrees(model, blob, 15)
    assert agrees(model, blob, 4)


@pytest.mark.parametrize("policy", ["SymmetricTree", "Lossguide"])
def test_a_scale_and_a_bias_are_kept(policy: str) -> None:
    model = CatBoostRegressor(grow_policy=policy, **SETTINGS).fit(*load_diabetes(return_X_y=True))
    model.set_scale_and_bias(0.37, 1e3)
    assert agrees(model, read(model._serialize_model()), 15)


def test_trees_of_one_leaf_are_kept(wine: Any) -> None:
    settings = SETTINGS | {"iterations": 3, "allow_const_label": True, "grow_policy": "Depthwise"}
    model = CatBoostRegressor(**settings).fit(np.arange(10.0)[:, None], np.full(10, 7.0))
    blob = read(model._serialize_model())
    assert not agrees(model, blob, 3)
    assert ensemble_of(blob, 3, splits_of(blob)).is_leaf.all()
    levels, leaf = np.array([0, 1, 0]), np.arange(12.0)
    symmetric = replace(read(wine._serialize_model()), sizes=levels, splits=np.array([0]), leaf_values=leaf, leaf_weights=np.ones(4))
    ensemble = ensemble_of(symmetric, 3, splits_of(symmetric))
    ensemble.check()
    assert ensemble.is_leaf.tolist() == [True, False, True, True, True]
    assert scores(ensemble, np.full((1, 13), -np.inf)).tolist() == [[12.0, 15.0, 18.0]]


def test_trees_without_weights_have_no_covers(wine: Any) -> None:
    blob = read(wine._serialize_model())
    assert ensemble_of(replace(blob, leaf_weights=np.empty(0)), 3, splits_of(blob)).covers is None


@pytest.mark.parametrize("name", ["wine", "lopsided"])
def test_the_weight_of_a_node_is_its_childrens(name: str, request: pytest.FixtureRequest) -> None:
    blob = read(request.getfixturevalue(name)._serialize_model())
    ensemble = ensemble_of(blob, 20, splits_of(blob))
    covers, inner = ensemble.covers, ~ensemble.is_leaf
    assert covers is not None
    assert (covers[ensemble.roots] == 178).all()
    np.testing.assert_array_equal(covers[inner], covers[ensemble.yes[inner]] + covers[ensemble.no[inner]])


def test_a_node_that_ends_on_one_side_gets_a_leaf_of_its_own(wine: Any) -> None:
    """As trees of the policy Region are kept: node 0 ends on the left, node 1 on the right and its left child is node 2."""
    blob = replace(
        read(wine._serialize_model()),
        dimension=1,
        sizes=np.array([3, 1]),
        splits=np.array([0, 1, 0, 0]),
        steps=np.array([[0, 1], [1, 0], [0, 0], [0, 0]]),
        leaf_ids=np.array([0, 1, 2, 3]),
        leaf_values=np.array([1.0, 10.0, 100.0, 1000.0]),
        leaf_weights=np.array([1.0, 2.0, 4.0, 8.0]),
        bias=np.zeros(1),
    )
    low, high = blob.floats[0].borders[:2]
    place = blob.floats[0].place
    table = np.zeros((3, width_of(blob)))
    table[:, place] = [low, high, np.nextafter(high, np.float32(np.inf))]
    ensemble = ensemble_of(blob, 2, splits_of(blob))
    ensemble.check()
    assert scores(ensemble, table).tolist() == [[1001.0], [1100.0], [1010.0]]
    assert leaf_numbers(blob, 2)[decide(ensemble, table)].tolist() == [[0, 0], [2, 0], [1, 0]]
    assert ensemble.covers is not None
    assert ensemble.covers[ensemble.roots].tolist() == [7.0, 8.0]


def test_columns_that_the_trees_never_ask_for_are_drawn_too() -> None:
    rng = np.random.default_rng(0)
    table = np.stack([np.ones(200), rng.normal(size=200)], axis=-1)
    blob = read(CatBoostRegressor(**SETTINGS).fit(table, table[:, 1])._serialize_model())
    unused, used = columns_of(blob)
    assert (len(unused.thresholds), unused.nan, unused.infinite) == (0, True, True)
    assert len(used.thresholds)


def test_a_border_that_only_parts_missing_values_does_not_stretch_the_range() -> None:
    table = np.array([[np.nan, 1.0, 2.0, 3.0, 4.0, 5.0] * 20]).T
    model = CatBoostRegressor(**SETTINGS).fit(table, np.isnan(table[:, 0]) * 3.0 + (np.nan_to_num(table[:, 0]) > 2))
    blob = read(model._serialize_model())
    (column,) = columns_of(blob)
    assert column.thresholds[0] == np.finfo(np.float32).min
    assert 0 < column.low <= column.high < 10
    assert agrees(model, blob, 15)
