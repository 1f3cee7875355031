"""The thresholds that trees, bins and quantiles compare each column with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from converter_sklearn import estimators


def thresholds_of(part: Any, width: int) -> list[np.ndarray] | None:
    """Return the different thresholds of each column, float64, for a tree, an ensemble of trees, a binning or quantiles; None for anything else."""
    if (told := estimators.thresholds_of(part)) is not None:
        return list(told)
    splits = list(_splits(part))
    if not splits:
        return None
    features = np.concatenate([feature for feature, _ in splits])
    thresholds = np.concatenate([threshold for _, threshold in splits])
    return [np.unique(thresholds[(features == place) & np.isfinite(thresholds)]) for place in range(width)]


def _splits(part: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the split columns and their thresholds, tree by tree."""
    if hasattr(getattr(part, "tree_", None), "children_left"):
        inner = part.tree_.children_left >= 0
        yield part.tree_.feature[inner], part.tree_.threshold[inner]
    elif isinstance(predictors := getattr(part, "_predictors", None), list):
        encoded = np.zeros(part.n_features_in_, bool) if part.is_categorical_ is None else part.is_categorical_
        places = np.concatenate([np.nonzero(encoded)[0], np.nonzero(~encoded)[0]])  # columns of categories come first where there are any
        for tree in (tree for iteration in predictors for tree in iteration):
            inner = (tree.nodes["is_leaf"] == 0) & (tree.nodes["is_categorical"] == 0)
            yield places[tree.nodes["feature_idx"][inner]], tree.nodes["num_threshold"][inner]
    elif isinstance(quantiles := getattr(part, "quantiles_", None), np.ndarray):
        for place, values in enumerate(quantiles.T):
            yield np.full(len(values), place), values
    elif isinstance(edges := getattr(part, "bin_edges_", None), np.ndarray):
        for place, bounds in enumerate(edges):
            yield np.full(len(bounds), place), np.asarray(bounds, np.float64)
    elif hasattr(part, "estimators_"):
        members = list(np.ravel(np.asarray(part.estimators_, object)))
        chosen = getattr(part, "estimators_features_", [None] * len(members))
        for member, columns in zip(members, chosen, strict=True):
            for features, thresholds in _splits(member):
                yield (features if columns is None else np.asarray(columns)[features]), thresholds
