"""Rows that tell: on thresholds and one step beside them, with strange values, at every split however deep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Column, Comparison, Ensemble, beside_splits, columns_of, decide, scores
from converter.trees.ensemble import goes_yes
from converter.trees.rounding import toward
from converter.trees.sampling import in_turn

Make = Callable[..., Ensemble]
FLOAT32 = np.dtype(np.float32)


def drawn(column: Column, rows: int = 4000, dtype: str = "float32") -> np.ndarray:
    return column.draw(np.random.default_rng(0), rows, np.dtype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_threshold_comes_with_its_two_neighbours(dtype: str) -> None:
    thresholds = np.array([-1.7e9, -0.3, 0.0, 0.1, 1e-45, 2.5])
    found = set(drawn(Column(thresholds=thresholds), dtype=dtype).tolist())
    for threshold in thresholds.astype(dtype):
        assert {float(np.nextafter(threshold, threshold.dtype.type(end))) for end in (-np.inf, np.inf)} | {float(threshold)} <= found


def test_other_values_lie_in_the_range_and_a_little_beside_it() -> None:
    found = drawn(Column(low=10, high=18))
    assert 9 <= found.min() < 10
    assert 18 < found.max() <= 19
    assert np.unique(found).size > 3000


def test_the_widest_range_stays_finite() -> None:
    assert np.isfinite(drawn(Column(low=-3.4e38, high=3.4e38))).all()
    assert np.isfinite(drawn(Column(low=-1e308, high=1e308), dtype="float64")).all()


@pytest.mark.parametrize(("asked", "is_such"), [("nan", np.isnan), ("infinite", np.isinf), ("zero", lambda values: values == 0)])
def test_strange_values_come_where_they_are_asked_for(asked: str, is_such: Callable[[np.ndarray], np.ndarray]) -> None:
    column = Column(thresholds=np.array([0.5]))
    assert not is_such(drawn(column)).any()
    assert 0.05 < is_such(drawn(replace(column, **{asked: True}))).mean() < 0.15


def test_zero_and_infinity_come_with_both_signs() -> None:
    found = drawn(Column(zero=True, infinite=True))
    assert {np.inf, -np.inf} <= set(found.tolist())
    assert set(np.signbit(found[found == 0]).tolist()) == {True, False}


def test_known_categories_come_in_turn() -> None:
    found = drawn(Column(categories=tuple(range(3, 300, 3))), rows=99)
    assert sorted(found.tolist()) == list(range(3, 300, 3))


def test_unknown_negative_and_fractional_categories_come_where_they_are_asked_for() -> None:
    plain = Column(categories=(2, 3, 7))
    assert set(drawn(plain).tolist()) == {2, 3, 7}
    assert set(drawn(replace(plain, unknown=True)).tolist()) == {2, 3, 7} | {0, 1, 4, 5, 6} | {8, 47}
    assert set(drawn(replace(plain, negative=True)).tolist()) == {2, 3, 7} | {-1, -2, -8}
    assert set(drawn(replace(plain, fractional=True)).tolist()) == {2, 3, 7} | {2.5, 3.5, 7.5} | {1.75, 2.75, 6.75}


def test_a_table_of_no_rows_can_be_drawn() -> None:
    assert drawn(Column(thresholds=np.array([0.5]), categories=(1, 2), nan=True, unknown=True), rows=0).shape == (0,)


@given(count=st.integers(1, 30), wanted=st.integers(0, 100), seed=st.integers(0, 99))
def test_places_come_in_turn(count: int, wanted: int, seed: int) -> None:
    found = in_turn(np.random.default_rng(seed), count, wanted)
    assert len(found) == wanted
    often = np.bincount(found, minlength=count)
    assert len(often) == count
    assert often.max() - often.min() <= 1


@given(seed=st.integers(0, 10_000), sets=st.booleans())
def test_columns_know_what_the_trees_ask_for(ensemble_of: Make, *, seed: int, sets: bool) -> None:
    ensembles = [ensemble_of(seed, sets=sets), ensemble_of(seed + 1, sets=sets)]
    for place, column in enumerate(columns_of(*ensembles)):
        asked: set[float] = set()
        named: set[int] = set()
        for each in ensembles:
            for node in np.nonzero(~each.is_leaf & (each.features == place))[0]:
                if each.sets is None or each.sets[node] < 0:
                    asked.add(float(each.thresholds[node]))
                else:
                    assert each.set_starts is not None
                    assert each.set_members is not None
                    named |= set(each.set_members[each.set_starts[each.sets[node]] : each.set_starts[each.sets[node] + 1]].tolist())
        assert column.thresholds.tolist() == sorted(asked)
        assert column.categories == tuple(sorted(named))
        finite = [each for each in asked if np.isfinite(each)]
        assert not finite or (column.low, column.high) == (min(finite), max(finite) if max(finite) > min(finite) else min(finite) + 1)


def deep(seed: int, *, depth: int, comparison: Comparison = Comparison.LEQ) -> Ensemble:
    """One tree that narrows two columns at every level: chance alone hardly comes to its end."""
    rng = np.random.default_rng(seed)
    splits = np.arange(depth)
    nodes = 2 * depth + 1  # splits 0, 1, …, each with a leaf beside the next one; the last with two
    feature, onward = splits % 2, rng.random(depth) < 0.5  # whether `yes` leads on
    low, high, thresholds = np.full(2, -1.0), np.full(2, 1.0), np.zeros(nodes)
    for split in splits:
        at = thresholds[split] = rng.uniform(low[feature[split]], high[feature[split]])
        (high if onward[split] else low)[feature[split]] = at
    leaves, following = depth + splits, np.append(splits[1:], nodes - 1)
    itself = np.arange(nodes)
    return Ensemble(
        width=2,
        targets=1,
        roots=np.array([0]),
        features=np.append(feature, np.zeros(depth + 1, int)),
        thresholds=thresholds,
        yes=np.append(np.where(onward, following, leaves), itself[depth:]),
        no=np.append(np.where(onward, leaves, following), itself[depth:]),
        missing=np.zeros(nodes, bool),
        leaf_starts=np.append(np.zeros(depth + 1, int), np.arange(1, depth + 2)),
        leaf_targets=np.zeros(depth + 1, int),
        leaf_weights=rng.normal(size=depth + 1),
        base=np.zeros(1),
        comparison=comparison,
    )


def sides_seen(ensemble: Ensemble, rows: np.ndarray) -> np.ndarray:
    """Which splits were met, by a row that comes to them, on the last value of `yes` and on the first of `no`: [2, splits]."""
    edge = toward(ensemble.thresholds, ensemble.comparison, rows.dtype).astype(rows.dtype)
    is_on_yes = ensemble.comparison is Comparison.LEQ
    with np.errstate(over="ignore", under="ignore"):
        other = np.nextafter(edge, rows.dtype.type(np.inf if is_on_yes else -np.inf))
    seen = np.zeros((2, ensemble.nodes), bool)
    at = np.broadcast_to(ensemble.roots, (len(rows), ensemble.trees))
    while not ensemble.is_leaf[at].all():
        values = rows[np.arange(len(rows))[:, None], ensemble.features[at]]
        seen[0][at[values == edge[at]]] = True
        seen[1][at[values == other[at]]] = True
        at = np.where(goes_yes(ensemble, at, values.astype(float)), ensemble.yes[at], ensemble.no[at])
    return seen[:, ~ensemble.is_leaf]


@pytest.mark.parametrize("comparison", Comparison)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_come_to_both_sides_of_every_split_of_a_deep_tree(comparison: Comparison, dtype: str) -> None:
    ensemble = deep(1, depth=16 if dtype == "float32" else 40, comparison=comparison)
    ensemble.check()
    rng = np.random.default_rng(0)
    plain = np.stack([column.draw(rng, 2 * 40, np.dtype(dtype)) for column in columns_of(ensemble)], axis=1)
    assert not sides_seen(ensemble, plain).all()
    assert sides_seen(ensemble, beside_splits(ensemble, plain, rng)).all()


def test_rows_come_to_every_leaf_of_a_deep_tree() -> None:
    ensemble = deep(3, depth=16)
    rng = np.random.default_rng(0)
    plain = rng.uniform(-1, 1, (100, 2)).astype(np.float32)
    assert set(decide(ensemble, beside_splits(ensemble, plain, rng))[:, 0].tolist()) == set(np.nonzero(ensemble.is_leaf)[0].tolist())


@pytest.mark.parametrize(("sets", "share"), [(False, 1.0), (True, 0.98)])  # of sets that follow each other a member is guessed
def test_few_rows_come_to_the_leaves_that_many_rows_of_chance_come_to(ensemble_of: Make, *, sets: bool, share: float) -> None:
    ensemble = ensemble_of(4, trees=30, depth=5, sets=sets)
    rng = np.random.default_rng(0)
    many = np.stack([column.draw(rng, 50_000, FLOAT32) for column in columns_of(ensemble)], axis=1)
    by_chance, few = np.unique(decide(ensemble, many)), many[: 2 * int((~ensemble.is_leaf).sum())]
    assert np.isin(by_chance, decide(ensemble, beside_splits(ensemble, few, rng))).mean() >= share
    assert np.isin(by_chance, decide(ensemble, few)).mean() < share


def test_columns_that_the_rows_lack_are_left_to_chance(ensemble_of: Make) -> None:
    ensemble = ensemble_of(4, trees=20)
    rows = np.zeros((50, 2), np.float32)
    assert beside_splits(ensemble, rows, np.random.default_rng(0)).shape == (50, 2)
    assert not rows.any()
    leaves = ensemble_of(1, depth=0)
    np.testing.assert_array_equal(beside_splits(leaves, rows, np.random.default_rng(0)), rows)


@pytest.mark.parametrize("wrong", ["threshold", "leaf", "tree"])
def test_a_fault_is_seen_on_rows_beside_the_splits(ensemble_of: Make, wrong: str) -> None:
    """One threshold a step off, two leaves swapped, a tree missing: the drawn rows tell."""
    ensemble = ensemble_of(8, trees=10, depth=5)
    leaf = ensemble.is_leaf
    if wrong == "threshold":
        moved = ensemble.thresholds.copy()
        at = next(root for root in ensemble.roots if not leaf[root] and 1e-3 < ensemble.thresholds[root] < 9)
        moved[at] = np.nextafter(np.float32(moved[at]), np.float32(9e9))
        other = replace(ensemble, thresholds=moved)
    elif wrong == "leaf":
        weights = ensemble.leaf_weights.copy()
        weights[[0, 1]] = weights[[1, 0]]
        other = replace(ensemble, leaf_weights=weights)
    else:
        mine = np.searchsorted(ensemble.roots, np.nonzero(leaf)[0], "right") - 1
        other = replace(ensemble, leaf_weights=np.where(mine == 4, 0.0, ensemble.leaf_weights))
    rng = np.random.default_rng(0)
    plain = np.stack([column.draw(rng, 4000, FLOAT32) for column in columns_of(ensemble)], axis=1)
    rows = beside_splits(ensemble, plain, rng)
    assert (scores(other, rows) != scores(ensemble, rows)).any()
