"""The thresholds that trees, bins, quantiles and splines compare each column with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from converter_sklearn import estimators
from converter_sklearn.trees.splits import Splits


def thresholds_of(part: Any, splits: Splits | None, width: int) -> list[np.ndarray] | None:
    """Return the different thresholds of each column, float64: those of a part's splits, of its bins, quantiles or knots; None for others."""
    if (told := estimators.thresholds_of(part)) is not None:
        return list(told)
    asked = list(_edges(part)) if splits is None else [_asked(splits)]
    if not asked:
        return None
    features, thresholds = (np.concatenate(each) for each in zip(*asked, strict=True))
    order = np.argsort(features, kind="stable")
    bounds = np.searchsorted(features[order], np.arange(width + 1))
    found = (np.unique(thresholds[order[start:stop]]) for start, stop in itertools.pairwise(bounds))
    return [each[np.isfinite(each)] for each in found]


def _asked(splits: Splits) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of splits, and the thresholds."""
    inner = ~splits.ensemble.is_leaf
    return splits.ensemble.features[inner], splits.ensemble.thresholds[inner]


def _edges(part: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield columns, and the edges of their bins, their quantiles or the knots of their splines."""
    if isinstance(quantiles := getattr(part, "quantiles_", None), np.ndarray):
        for place, values in enumerate(quantiles.T):
            yield np.full(len(values), place), values
    elif isinstance(edges := getattr(part, "bin_edges_", None), np.ndarray):
        for place, bounds in enumerate(edges):
            yield np.full(len(bounds), place), np.asarray(bounds, np.float64)
    elif getattr(part, "extrapolation", "error") != "error":
        for place, spline in enumerate(part.bsplines_):
            yield np.full(len(spline.t), place), spline.t
