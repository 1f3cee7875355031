"""Sets of categories become searches over thresholds, and the leaf of every row stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble
from converter.trees.categories import without_sets

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]


def one_split(*sets: list[int], comparison: Comparison = Comparison.LEQ, missing: bool = False) -> Ensemble:
    """A tree of one split for each set: leaf 1 has its members, leaf 2 all others."""
    count = len(sets)
    starts = np.arange(count) * 3
    numbers = np.arange(3 * count)
    inner = numbers % 3 == 0
    return Ensemble(
        width=1,
        targets=1,
        roots=starts,
        features=np.zeros(3 * count, int),
        thresholds=np.zeros(3 * count),
        yes=np.where(inner, numbers + 1, numbers),
        no=np.where(inner, numbers + 2, numbers),
        missing=inner & missing,
        leaf_starts=np.append(0, np.cumsum(~inner)),
        leaf_targets=np.zeros(2 * count, int),
        leaf_weights=np.tile([1.0, 2.0], count),
        base=np.zeros(1),
        comparison=comparison,
        sets=np.where(inner, numbers // 3, -1),
        set_starts=np.append(0, np.cumsum([len(each) for each in sets])),
        set_members=np.concatenate([np.empty(0, int), *(np.array(each, int) for each in sets)]),
    )


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), dtype=st.sampled_from(["float32", "float64"]))
def test_searches_keep_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, comparison: Comparison, dtype: str
) -> None:
    before = named(ensemble_of(seed, comparison=comparison, sets=True))
    after = without_sets(before, np.dtype(dtype))
    assert after.sets is None
    rows = rows_of(before, seed, dtype)
    np.testing.assert_array_equal(said(after, rows), said(before, rows))


@given(
    sets=st.lists(st.sets(st.integers(0, 40), max_size=20), min_size=1, max_size=6),
    comparison=st.sampled_from(Comparison),
    missing=st.booleans(),
)
def test_any_sets_are_searched_right(said: Rows, *, sets: list[set[int]], comparison: Comparison, missing: bool) -> None:
    before = one_split(*(sorted(each) for each in sets), comparison=comparison, missing=missing)
    before.check()
    rows = np.append(np.arange(-3.0, 45), [-np.inf, np.inf, np.nan, 1e30]).astype(np.float32)[:, None]
    members = [[1 if x in each or (missing and np.isnan(x)) else 2 for each in sets] for x in rows[:, 0].tolist()]
    np.testing.assert_array_equal(said(before, rows), members)
    after = without_sets(before, np.dtype(np.float32))
    np.testing.assert_array_equal(said(after, rows), members)


@given(sets=st.lists(st.sets(st.integers(0, 40), max_size=20), min_size=1, max_size=6))
def test_a_shared_child_hangs_from_one_false_edge_and_that_comes_first(sets: list[set[int]]) -> None:
    found = without_sets(one_split(*map(sorted, sets)), np.dtype(np.float32))
    inner = ~found.is_leaf
    assert np.bincount(found.no[inner], minlength=found.nodes).max() == 1
    visited: set[int] = set()
    for root in found.roots.tolist():
        for child, through_false in _walk(found, root):
            assert not (through_false and child in visited)
            visited.add(child)


def _walk(ensemble: Ensemble, node: int) -> list[tuple[int, bool]]:
    """Every edge below a node, as runtimes lay nodes: what lies below the false child first."""
    if ensemble.is_leaf[node]:
        return []
    yes, no = int(ensemble.yes[node]), int(ensemble.no[node])
    return [(no, True), *_walk(ensemble, no), (yes, False), *_walk(ensemble, yes)]


def test_a_search_takes_few_steps() -> None:
    found = without_sets(one_split(list(range(0, 2000, 2))), np.dtype(np.float32))
    depth, level = 0, {0}
    while level := {int(child) for node in level if not found.is_leaf[node] for child in (found.yes[node], found.no[node])}:
        depth += 1
    assert depth <= 13  # 2 000 limits, 11 times halved, and a node between


@pytest.mark.parametrize("comparison", Comparison)
def test_categories_that_float32_does_not_hold_are_nobodys(said: Rows, comparison: Comparison) -> None:
    top = 1 << 24
    after = without_sets(one_split([top + 1], [top + 2], comparison=comparison), np.dtype(np.float32))
    rows = np.array([[top - 1], [top], [top + 2], [top + 4]], np.float32)
    assert said(after, rows).tolist() == [[2, 2], [2, 2], [2, 1], [2, 2]]
    wide = without_sets(one_split([top + 1], comparison=comparison), np.dtype(np.float64))
    assert said(wide, np.array([[top], [top + 1.0], [top + 2]])).tolist() == [[2], [1], [2]]


def test_sets_that_no_node_asks_for_go(ensemble_of: Make) -> None:
    plain = ensemble_of(1)
    unasked = replace(plain, sets=np.full(plain.nodes, -1), set_starts=np.array([0, 2]), set_members=np.array([1, 5]))
    found = without_sets(unasked, np.dtype(np.float32))
    assert found.sets is None
    assert found.set_members is None
    np.testing.assert_array_equal(found.thresholds, plain.thresholds)
