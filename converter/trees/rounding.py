"""Thresholds in the precision of the matrix: for its values the comparison is the same, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from converter.trees.ensemble import Comparison, Ensemble, Floats


def rounded(ensemble: Ensemble, dtype: np.dtype[Any]) -> Ensemble:
    """Return the ensemble with thresholds that the dtype can hold."""
    return replace(ensemble, thresholds=toward(ensemble.thresholds, ensemble.comparison, dtype))


def toward(thresholds: Floats, comparison: Comparison, dtype: np.dtype[Any]) -> Floats:
    """Return thresholds that the dtype can hold, as float64.

    For x of the dtype `x <= t` is `x <= the largest value that is not above t`, and `x < t` is `x < the smallest that is not below t`.
    """
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(dtype)
        is_past, end = (nearest > thresholds, -np.inf) if comparison is Comparison.LEQ else (nearest < thresholds, np.inf)
        return np.where(is_past, np.nextafter(nearest, dtype.type(end)), nearest).astype(np.float64)
