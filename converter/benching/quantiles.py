"""Quantiles and how surely they are known, from the order of the values alone: latencies have no distribution to rely on."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np


@functools.cache
def ranks(count: int, quantile: float, confidence: float) -> tuple[int, int] | None:
    """Return the ranks, from 0, of the two among `count` sorted values that enclose the quantile with this confidence, half of the risk on each side.

    None where the values are too few. The number of values below the quantile is binomial, whatever they are distributed like, as long as they are
    independent. Source: Le Boudec, "Performance Evaluation of Computer and Communication Systems", 2010, theorem 2.1.
    """
    if count < 1:
        return None
    places = np.arange(count)
    steps = np.log((count - places) / (places + 1)) + np.log(quantile / (1 - quantile))
    below = np.cumsum(np.exp(count * np.log1p(-quantile) + np.concatenate([[0.0], np.cumsum(steps)])))  # of a binomial: P(at most k)
    risk = (1 - confidence) / 2
    low = int(np.searchsorted(below, risk, side="right")) - 1
    high = int(np.searchsorted(below, 1 - risk, side="left"))
    return (low, high) if low >= 0 and high < count else None


def interval(values: Sequence[float], quantile: float, confidence: float) -> tuple[float, float] | None:
    """Return the values that enclose the quantile with this confidence, None where they are too few."""
    found = ranks(len(values), quantile, confidence)
    if found is None:
        return None
    ordered = np.sort(values)
    return float(ordered[found[0]]), float(ordered[found[1]])


@functools.cache
def calls_for(quantile: float, confidence: float) -> int:
    """Return the least count of values that says anything about the quantile with this confidence: 368 for p99 at 0.95."""
    return next(count for count in range(1, 1_000_000) if ranks(count, quantile, confidence) is not None)
