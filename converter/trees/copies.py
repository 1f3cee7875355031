"""The copies of a matrix's columns that the trees read: as they are, negated, with -inf for NaN, or both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees.ensemble import Ensemble

PLAIN, NEGATED, FILLED, NEGATED_FILLED = range(4)


def with_copies(ensemble: Ensemble, copies: tuple[int, ...]) -> Ensemble:
    """Return an ensemble that reads some of the four copies instead of all, [batch, len(copies) * width]."""
    width = ensemble.width // 4
    place = np.zeros(4, np.int64)
    place[list(copies)] = np.arange(len(copies))
    features = np.where(ensemble.is_leaf, 0, ensemble.features % width + place[ensemble.features // width] * width)
    return replace(ensemble, features=features, width=len(copies) * width)


def copies_of(ensemble: Ensemble) -> tuple[int, ...]:
    """Return which of the four copies an ensemble reads."""
    return tuple(np.nonzero(np.bincount(ensemble.features[~ensemble.is_leaf] // (ensemble.width // 4)))[0].tolist())
