"""Leaves of one's own, and leaves that say the same in one: what the trees say of every row stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble, decide, scores
from converter.trees.layout import tree_of_nodes
from converter.trees.sharing import with_own_leaves, with_shared_leaves

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]


def mixed_up(ensemble: Ensemble, seed: int) -> Ensemble:
    """Edges that lead to leaves lead to any leaf of their tree."""
    rng = np.random.default_rng(seed)
    leaf, tree = ensemble.is_leaf, tree_of_nodes(ensemble)
    chosen = np.array([rng.choice(np.nonzero(leaf & (tree == each))[0]) for each in tree])

    def led(children: np.ndarray) -> np.ndarray:
        return np.where(~leaf & leaf[children], chosen, children)

    return replace(ensemble, yes=led(ensemble.yes), no=led(ensemble.no))


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), sets=st.booleans())
def test_copied_leaves_keep_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, comparison: Comparison, sets: bool
) -> None:
    before = named(mixed_up(ensemble_of(seed, comparison=comparison, sets=sets), seed))
    before.check()
    after = with_own_leaves(before)
    after.check()
    inner = ~after.is_leaf
    assert np.bincount(np.append(after.yes[inner], after.no[inner]), minlength=after.nodes).max() <= 1
    rows = rows_of(before, seed, "float32")
    np.testing.assert_array_equal(said(after, rows), said(before, rows))


def test_every_copy_adds_what_the_leaf_adds(ensemble_of: Make, rows_of: Rows) -> None:
    before = mixed_up(ensemble_of(9, trees=10, targets=3, vectors=True), 9)
    after = with_own_leaves(before)
    assert after.nodes > before.nodes
    rows = rows_of(before, 9, "float32")
    np.testing.assert_array_equal(scores(after, rows), scores(before, rows))


def test_trees_without_shared_leaves_stay(ensemble_of: Make) -> None:
    plain = ensemble_of(3)
    assert with_own_leaves(plain) is plain
    assert with_shared_leaves(plain) is plain  # no two leaves say the same


@given(seed=st.integers(0, 10_000), targets=st.integers(1, 3), vectors=st.booleans(), weights=st.integers(1, 4))
def test_leaves_that_say_the_same_become_one(ensemble_of: Make, rows_of: Rows, *, seed: int, targets: int, vectors: bool, weights: int) -> None:
    plain = ensemble_of(seed, targets=targets, vectors=vectors)
    rng = np.random.default_rng(seed)
    before = replace(plain, leaf_weights=rng.integers(0, weights, len(plain.leaf_weights)) / 8)
    after = with_shared_leaves(before)
    after.check()
    assert not np.isin(after.no[~after.is_leaf], _hanging_often(after)).any()
    rows = rows_of(before, seed, "float32")
    reached, was = decide(after, rows), decide(before, rows)
    for place in range(int(np.diff(before.leaf_starts).max(initial=0))):
        np.testing.assert_array_equal(after.leaf_weights[after.leaf_starts[reached] + place], before.leaf_weights[before.leaf_starts[was] + place])
        np.testing.assert_array_equal(after.leaf_targets[after.leaf_starts[reached] + place], before.leaf_targets[before.leaf_starts[was] + place])
    if vectors and targets > 1:
        assert after.nodes == before.nodes


def _hanging_often(ensemble: Ensemble) -> np.ndarray:
    """Nodes that several edges lead to."""
    inner = ~ensemble.is_leaf
    return np.nonzero(np.bincount(np.append(ensemble.yes[inner], ensemble.no[inner]), minlength=ensemble.nodes) > 1)[0]


def test_a_tree_of_one_weight_keeps_one_leaf_for_all_that_hang_from_yes(ensemble_of: Make) -> None:
    plain = ensemble_of(3, trees=20)
    found = with_shared_leaves(replace(plain, leaf_weights=np.ones_like(plain.leaf_weights)))
    inner = ~found.is_leaf
    ends = found.yes[inner][found.is_leaf[found.yes[inner]]]
    trees = tree_of_nodes(found)[ends]
    assert len(np.unique(ends)) == len(np.unique(trees)) < len(ends)


def test_leaves_of_two_targets_stay_two(ensemble_of: Make) -> None:
    plain = ensemble_of(3, trees=20, targets=2)
    rng = np.random.default_rng(0)
    before = replace(plain, leaf_weights=np.ones_like(plain.leaf_weights), leaf_targets=rng.integers(0, 2, len(plain.leaf_targets)))
    found = with_shared_leaves(before)
    assert found.nodes < before.nodes
    found.check()
    assert set(found.leaf_targets.tolist()) == {0, 1}
