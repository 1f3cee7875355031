"""A line at its ends, on its thresholds, and of one threshold only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("outside", ["nan", "clip"])
@pytest.mark.parametrize("count", [1, 2, 3, 12, 400])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_thresholds_and_what_lies_beyond(dtype: str, count: int, outside: str, agree: Agree) -> None:
    column = np.sort(RNG.normal(size=count)).astype(dtype)
    estimator = IsotonicRegression(out_of_bounds=outside).fit(column, np.arange(count) + RNG.normal(size=count).astype(dtype))
    edges = estimator.X_thresholds_.astype(np.float64)
    rows = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), edges * 1.5 + 1, [-1e9, 1e9]])[:, None]
    want = agree(estimator, rows, tolerance=1e-5 if dtype == "float32" else 1e-9)
    agree(estimator, rows, tolerance=1e-5 if dtype == "float32" else 1e-9, method="transform")
    assert np.isnan(want["prediction"]).any() == (outside == "nan" and len(edges) > 1)


def test_a_line_that_may_not_be_left_is_asked_inside(load_model: Callable[..., object], agree: Agree) -> None:
    estimator = IsotonicRegression(out_of_bounds="raise").fit(np.arange(9.0), np.arange(9.0) ** 2)
    rows = load_model(estimator, dtype="float64").sample(np.random.default_rng(0), {"batch": 500})["features"]  # type: ignore[attr-defined]
    assert 0 <= rows.min() < rows.max() <= 8
    agree(estimator, rows)
