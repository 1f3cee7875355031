"""All steps together: what is written reaches the leaves that the ensemble reaches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble
from converter.trees.copies import FILLED, NEGATED, NEGATED_FILLED, PLAIN
from converter.trees.lowering import lowered

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]


def copied(rows: np.ndarray, copies: tuple[int, ...]) -> np.ndarray:
    """The copies of the columns beside each other, as the graph makes them."""
    filled = np.isnan(rows)
    made = {PLAIN: rows, NEGATED: -rows, FILLED: np.where(filled, -np.inf, rows), NEGATED_FILLED: np.where(filled, -np.inf, -rows)}
    return np.concatenate([made[copy] for copy in copies], axis=1)


@given(
    seed=st.integers(0, 10_000),
    trees=st.sampled_from([2, 30]),
    comparison=st.sampled_from(Comparison),
    sets=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_what_is_written_keeps_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, trees: int, comparison: Comparison, sets: bool, dtype: str
) -> None:
    before = named(ensemble_of(seed, trees=trees, comparison=comparison, sets=sets))
    ready = lowered(before, np.dtype(dtype))
    after = ready.ensemble
    assert after.sets is None
    inner = ~after.is_leaf
    assert (after.thresholds.astype(dtype) == after.thresholds)[inner].all()
    assert ready.shares_nodes == (before.sets is not None and bool((before.sets >= 0).any()))
    rows = rows_of(before, seed, dtype)
    np.testing.assert_array_equal(said(after, copied(rows, ready.copies)), said(before, rows))


def test_a_row_that_walks_few_levels_is_not_copied(ensemble_of: Make) -> None:
    few = ensemble_of(1, trees=2, width=20)
    assert few.missing.any()
    ready = lowered(few, np.dtype(np.float32))
    assert ready.copies == (PLAIN,)
    assert ready.ensemble.missing.any()


def test_a_row_that_walks_many_levels_is(ensemble_of: Make) -> None:
    ready = lowered(ensemble_of(1, trees=60, depth=8), np.dtype(np.float32))
    assert ready.copies == (PLAIN, NEGATED, FILLED, NEGATED_FILLED)
    assert not ready.ensemble.missing.any()


@pytest.mark.parametrize("trees", [1, 60])
def test_nodes_with_sets_share_their_children(ensemble_of: Make, trees: int) -> None:
    assert lowered(ensemble_of(1, trees=trees, sets=True, depth=8), np.dtype(np.float32)).shares_nodes
    assert not lowered(ensemble_of(1, trees=trees, depth=8), np.dtype(np.float32)).shares_nodes
