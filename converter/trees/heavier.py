"""The way that most rows take is the false one: runtimes lay the false child beside its parent, and a branch that is rarely taken is predicted well.

Where the other child is the heavier, the two change places and the node asks the complement of a negated copy of the columns: `!(x <= t)` is
`-x <= -(the value after t)`, and `!(x < t)` is `-x < the value after -t`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from converter.trees.ensemble import Bools, Comparison, Ensemble, Floats


def with_heavier_false(ensemble: Ensemble, dtype: np.dtype[Any]) -> Ensemble:
    """Return an ensemble over the columns and their negatives, [batch, 2 * width], with thresholds that the dtype can hold; nodes with sets stay."""
    if ensemble.covers is None:
        return replace(ensemble, width=2 * ensemble.width)
    complement = _complements(ensemble.thresholds, ensemble.comparison, dtype)
    swapped = ~ensemble.is_leaf & (ensemble.covers[ensemble.yes] > ensemble.covers[ensemble.no]) & _is_exact(ensemble, complement, dtype)
    if ensemble.sets is not None:
        swapped &= ensemble.sets < 0
    return replace(
        ensemble,
        width=2 * ensemble.width,
        features=ensemble.features + swapped * ensemble.width,
        thresholds=np.where(swapped, complement, ensemble.thresholds),
        yes=np.where(swapped, ensemble.no, ensemble.yes),
        no=np.where(swapped, ensemble.yes, ensemble.no),
        missing=ensemble.missing ^ swapped,
    )


def _complements(thresholds: Floats, comparison: Comparison, dtype: np.dtype[Any]) -> Floats:
    held, end = thresholds.astype(dtype), dtype.type(np.inf)
    with np.errstate(over="ignore", under="ignore"):
        after: np.ndarray[Any, Any] = -np.nextafter(held, end) if comparison is Comparison.LEQ else np.nextafter(-held, end)
    return after.astype(np.float64)


def _is_exact(ensemble: Ensemble, complement: Floats, dtype: np.dtype[Any]) -> Bools:
    """Infinite thresholds have no value behind them, and one that is denormal (beside 0) is 0 to processors that are told to flush these."""
    exact: Bools = np.isfinite(ensemble.thresholds) & ((complement == 0) | (np.abs(complement) >= np.finfo(dtype).smallest_normal))
    return exact
