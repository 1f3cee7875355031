"""Trees taken out, nodes put in another order: leaves are what they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Ensemble
from converter.trees.layout import arranged, between, spans, tree_of_nodes, with_trees

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]


@given(seed=st.integers(0, 10_000), sets=st.booleans(), count=st.integers(1, 8))
def test_trees_that_are_taken_out_keep_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, sets: bool, count: int
) -> None:
    before = named(ensemble_of(seed, trees=8, sets=sets))
    chosen = np.random.default_rng(seed).permutation(8)[:count]
    after = with_trees(before, chosen)
    after.check()
    rows = rows_of(before, seed, "float32")
    np.testing.assert_array_equal(said(after, rows), said(before, rows)[:, chosen])


@given(seed=st.integers(0, 10_000), sets=st.booleans(), ends=st.tuples(st.integers(0, 7), st.integers(1, 8)).filter(lambda ends: ends[0] < ends[1]))
def test_neighbouring_trees_are_cut_out_as_any_are(ensemble_of: Make, *, seed: int, sets: bool, ends: tuple[int, int]) -> None:
    before = ensemble_of(seed, trees=8, targets=2, vectors=True, sets=sets)
    found, wanted = between(before, *ends), with_trees(before, np.arange(*ends))
    for field in dataclasses.fields(Ensemble):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(wanted, field.name), err_msg=field.name)


@given(seed=st.integers(0, 10_000))
def test_another_order_of_nodes_keeps_the_leaf_of_every_row(ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int) -> None:
    before = named(ensemble_of(seed, trees=8))
    rng = np.random.default_rng(seed)
    stops = [*before.roots[1:], before.nodes]
    inside = [np.append(root, rng.permutation(np.arange(root + 1, stop))) for root, stop in zip(before.roots, stops, strict=True)]
    after = arranged(before, np.concatenate(inside), before.roots)
    after.check()
    rows = rows_of(before, seed, "float32")
    np.testing.assert_array_equal(said(after, rows), said(before, rows))
    assert after.covers is not None
    assert before.covers is not None
    np.testing.assert_array_equal(after.covers, before.covers[np.concatenate(inside)])


def test_leaf_vectors_move_with_their_leaves(ensemble_of: Make) -> None:
    before = ensemble_of(4, trees=5, targets=3, vectors=True)
    after = with_trees(before, np.array([3, 1]))
    first = slice(before.leaf_starts[before.roots[3]], before.leaf_starts[before.roots[4]])
    np.testing.assert_array_equal(after.leaf_weights[: first.stop - first.start], before.leaf_weights[first])


def test_no_tree_may_be_left(ensemble_of: Make) -> None:
    assert with_trees(ensemble_of(4), np.empty(0, np.int64)).nodes == 0


def test_nodes_know_their_tree(ensemble_of: Make) -> None:
    ensemble = ensemble_of(4, trees=5)
    expected = [sum(root <= node for root in ensemble.roots) - 1 for node in range(ensemble.nodes)]
    assert tree_of_nodes(ensemble).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6))))
def test_spans_follow_each_other(pairs: list[tuple[int, int]]) -> None:
    starts, lengths = np.array(pairs, np.int64).reshape(-1, 2).T
    assert spans(starts, lengths).tolist() == [number for start, length in pairs for number in range(start, start + length)]
