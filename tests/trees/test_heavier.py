"""The heavier child on the false side, over the columns and their negatives: the leaf of every row stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble
from converter.trees.heavier import with_heavier_false
from converter.trees.rounding import rounded

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]
COMPARISONS = pytest.mark.parametrize("comparison", Comparison)


def with_negatives(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, -rows], axis=1)


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), sets=st.booleans(), dtype=st.sampled_from(["float32", "float64"]))
def test_turned_nodes_keep_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, comparison: Comparison, sets: bool, dtype: str
) -> None:
    before = named(rounded(ensemble_of(seed, comparison=comparison, sets=sets), np.dtype(dtype)))
    after = with_heavier_false(before, np.dtype(dtype))
    after.check()
    rows = rows_of(before, seed, dtype)
    np.testing.assert_array_equal(said(after, with_negatives(rows)), said(before, rows))


@COMPARISONS
def test_the_false_child_is_the_heavier_wherever_its_threshold_can_be_turned(ensemble_of: Make, comparison: Comparison) -> None:
    before = rounded(ensemble_of(7, trees=40, depth=8, comparison=comparison), np.dtype(np.float32))
    found = with_heavier_false(before, np.dtype(np.float32))
    assert found.covers is not None
    assert before.covers is not None
    turnable = ~before.is_leaf & (np.abs(before.thresholds) > 1e-37) & np.isfinite(before.thresholds)
    assert (found.covers[found.no] >= found.covers[found.yes])[turnable].all()
    turned = found.features >= before.width
    assert 0.2 < turned[turnable].mean() < 0.8
    assert (before.covers[before.yes] > before.covers[before.no])[turned].all()


@COMPARISONS
def test_thresholds_without_a_normal_neighbour_are_not_turned(ensemble_of: Make, comparison: Comparison) -> None:
    """Processors may flush what is denormal to 0."""
    plain = ensemble_of(2)
    for value in (np.inf, -np.inf, 0.0, 1e-40, -1e-40):
        before = rounded(replace(plain, thresholds=np.full(plain.nodes, value), comparison=comparison), np.dtype(np.float32))
        found = with_heavier_false(before, np.dtype(np.float32))
        np.testing.assert_array_equal(found.features, before.features)


def test_without_weights_of_nodes_nothing_is_turned(ensemble_of: Make) -> None:
    before = replace(ensemble_of(3), covers=None)
    found = with_heavier_false(before, np.dtype(np.float32))
    assert found.width == 2 * before.width
    np.testing.assert_array_equal(found.features, before.features)
    np.testing.assert_array_equal(found.yes, before.yes)


def test_nodes_with_sets_are_not_turned(ensemble_of: Make) -> None:
    before = rounded(ensemble_of(4, trees=20, sets=True), np.dtype(np.float32))
    assert before.sets is not None
    found = with_heavier_false(before, np.dtype(np.float32))
    asked = before.sets >= 0
    assert asked.any()
    np.testing.assert_array_equal(found.yes[asked], before.yes[asked])
    np.testing.assert_array_equal(found.features[asked], before.features[asked])
