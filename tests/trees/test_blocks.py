"""Trees in blocks, each a node of the graph: together they say what the ensemble says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Ensemble, blocks, decide, scores
from converter.trees.blocks import Block, side_by_side, summed
from converter.trees.layout import tree_of_nodes

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> object:
    """Blocks of 100 nodes, at most 12: small ensembles are cut as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK", 2400)
        patch.setattr(blocks, "_MOST", 12)
        patch.setattr(blocks, "_GROUP", 200)
        yield


def told(block: Block, rows: np.ndarray) -> np.ndarray:
    """What a block adds to its targets, its base left out as the node leaves it out."""
    assert block.ensemble.targets == block.stop - block.first
    return scores(replace(block.ensemble, base=np.zeros(block.ensemble.targets)), rows)


@given(seed=st.integers(0, 10_000), trees=st.integers(1, 40), targets=st.integers(1, 4), vectors=st.booleans())
def test_sums_of_blocks_beside_each_other_are_the_scores(
    ensemble_of: Make, rows_of: Rows, *, seed: int, trees: int, targets: int, vectors: bool
) -> None:
    ensemble = ensemble_of(seed, trees=trees, targets=targets, vectors=vectors)
    rows = rows_of(ensemble, seed, "float32", rows=40)
    groups = summed(ensemble)
    assert [group[0].first for group in groups] == [0, *(group[0].stop for group in groups[:-1])]
    found = np.concatenate([sum(told(block, rows) for block in group) for group in groups], axis=1)
    np.testing.assert_allclose(found + ensemble.base, scores(ensemble, rows), rtol=1e-12, atol=1e-12)
    assert sum(block.ensemble.trees for group in groups for block in group) == trees


@given(seed=st.integers(0, 10_000), trees=st.integers(1, 40))
def test_leaves_of_blocks_beside_each_other_are_the_leaves(ensemble_of: Make, rows_of: Rows, *, seed: int, trees: int) -> None:
    plain = ensemble_of(seed, trees=trees)
    leaf = plain.is_leaf
    telling = replace(
        plain, targets=trees, leaf_targets=tree_of_nodes(plain)[leaf], leaf_weights=np.nonzero(leaf)[0].astype(float), base=np.zeros(trees)
    )
    rows = rows_of(plain, seed, "float32", rows=40)
    parts = side_by_side(telling)
    assert [part.first for part in parts] == [0, *(part.stop for part in parts[:-1])]
    np.testing.assert_array_equal(np.concatenate([told(part, rows) for part in parts], axis=1), decide(plain, rows))


def test_blocks_are_small_equal_and_few(ensemble_of: Make) -> None:
    ensemble = ensemble_of(1, trees=300, depth=5)
    (group,) = summed(ensemble)
    sizes = [block.ensemble.nodes for block in group]
    assert len(sizes) == 12
    assert max(sizes) < 2 * min(sizes)
    (few,) = summed(ensemble_of(1, trees=20, depth=5))
    assert len(few) < 12
    assert all(block.ensemble.nodes < 100 + 2**6 for block in few)


def test_trees_of_one_target_each_are_grouped_by_it(ensemble_of: Make) -> None:
    groups = summed(ensemble_of(1, trees=30, targets=3))
    assert [{block.first for block in group} for group in groups] == [{0}, {1}, {2}]
    assert all(block.ensemble.targets == 1 for group in groups for block in group)


def test_groups_that_are_not_worth_a_node_stay_together(ensemble_of: Make) -> None:
    for few in (ensemble_of(1, trees=2, targets=3), ensemble_of(1, trees=3, depth=1, targets=3), ensemble_of(1, trees=30, targets=3, vectors=True)):
        groups = summed(few)
        assert len(groups) == 1
        assert all((block.first, block.stop) == (0, 3) for block in groups[0])
