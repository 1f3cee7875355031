"""NaN without flags: a copy of the columns in which it is minus infinity; the leaf of every row stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble
from converter.trees.missing import without_flags

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]


def with_filled(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.where(np.isnan(rows), -np.inf, rows)], axis=1)


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), dtype=st.sampled_from(["float32", "float64"]))
def test_a_filled_copy_keeps_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, comparison: Comparison, dtype: str
) -> None:
    before = named(ensemble_of(seed, comparison=comparison))
    after = without_flags(before)
    after.check()
    rows = rows_of(before, seed, dtype)
    assert np.isnan(rows).any()
    np.testing.assert_array_equal(said(after, with_filled(rows)), said(before, rows))


def test_no_flag_is_left_that_a_copy_can_replace(ensemble_of: Make) -> None:
    plain = ensemble_of(5, trees=20)
    assert plain.missing.any()
    assert not without_flags(plain).missing.any()


def test_a_comparison_with_minus_infinity_keeps_its_flag(ensemble_of: Make) -> None:
    """No value is below it, so that a filled copy would not come to `yes`."""
    plain = ensemble_of(5, trees=20, comparison=Comparison.LT)
    lowest = replace(plain, thresholds=np.full(plain.nodes, -np.inf))
    found = without_flags(lowest)
    np.testing.assert_array_equal(found.missing, lowest.missing & ~lowest.is_leaf)
    assert (found.features < plain.width).all()
    assert not without_flags(replace(lowest, comparison=Comparison.LEQ)).missing.any()
