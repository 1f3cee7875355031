"""Thresholds in another precision decide the values of that precision as before, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble
from converter.trees.rounding import rounded, toward

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
COMPARISONS = pytest.mark.parametrize("comparison", Comparison)


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), dtype=st.sampled_from(["float32", "float64"]))
def test_rounding_keeps_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Callable[[Ensemble], Ensemble], said: Rows, *, seed: int, comparison: Comparison, dtype: str
) -> None:
    before = named(ensemble_of(seed, comparison=comparison))
    after = rounded(before, np.dtype(dtype))
    assert (after.thresholds.astype(dtype) == after.thresholds).all()
    rows = rows_of(before, seed, dtype)
    np.testing.assert_array_equal(said(after, rows), said(before, rows))


@given(threshold=st.floats(allow_nan=False), value=st.floats(width=32, allow_nan=False))
def test_a_rounded_threshold_compares_as_the_threshold(threshold: float, value: float) -> None:
    at_most, below = (toward(np.array([threshold]), comparison, np.dtype(np.float32))[0] for comparison in Comparison)
    near = np.array([value, at_most, below], np.float32)
    with np.errstate(over="ignore", under="ignore"):
        around = np.concatenate([near, *(np.nextafter(near, np.float32(end)) for end in (-np.inf, np.inf))])
    for x in around:
        assert (x <= np.float32(at_most)) == (float(x) <= threshold)
        assert (x < np.float32(below)) == (float(x) < threshold)


@COMPARISONS
def test_thresholds_that_the_precision_holds_stay(comparison: Comparison) -> None:
    thresholds = np.array([0.0, -0.0, 0.5, -1e-45, 3.4028234663852886e38, np.inf, -np.inf], np.float32).astype(float)
    np.testing.assert_array_equal(toward(thresholds, comparison, np.dtype(np.float32)), thresholds)


@COMPARISONS
def test_thresholds_beyond_the_precision_stay_on_their_side(comparison: Comparison) -> None:
    largest, smallest = float(np.finfo(np.float32).max), float(np.finfo(np.float32).smallest_subnormal)
    found = toward(np.array([1e300, -1e300, 1e-300, -1e-300]), comparison, np.dtype(np.float32)).tolist()
    assert found == ([largest, -np.inf, 0, -smallest] if comparison is Comparison.LEQ else [np.inf, -largest, smallest, 0])


def test_the_nearest_float32_would_decide_otherwise() -> None:
    threshold = np.array([0.3])  # the nearest float32 lies above it
    nearest = np.float32(0.3)
    assert nearest > threshold[0]
    assert not nearest <= toward(threshold, Comparison.LEQ, np.dtype(np.float32))[0]
