"""The rows that prove trees: most of them come to a split, just on one side of its threshold; splits and sides come in turn.

A threshold one step off is seen by a row on it alone, and a leaf that is wrong by the rows that come to it alone: so there are as many rows as the
splits need, as far as the model soon answers them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from converter.specs import Axis
from converter.trees.ensemble import Bools, Ensemble
from converter.trees.reaching import beside_splits

ROWS = Axis(low=1, high=4096, usual=512)
_CHANCE = 4  # every so many rows one is left as it was drawn
_MOST = 1 << 14  # rows
WALKS = 1 << 20  # of a row through a tree, which take a library up to a microsecond each
_VALUES = 1 << 23  # numbers in the matrix


def rows_to_prove(ensemble: Ensemble, walks: int = WALKS) -> Axis:
    """Return the batch: for an ensemble of few splits the rows that visit both sides of each, for a larger one as many as are soon answered.

    `walks` is how often the library soon takes a row through a tree.
    """
    enough = 2 * int((~ensemble.is_leaf).sum()) * _CHANCE // (_CHANCE - 1) + 1
    affordable = min(_MOST, walks // max(1, ensemble.trees), _VALUES // max(1, ensemble.width))
    usual = max(ROWS.usual, min(enough, affordable))
    return replace(ROWS, usual=usual, high=max(ROWS.high, usual))


def led(ensemble: Ensemble, rows: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return a copy of rows [batch, …], most of them changed so that they come to splits; see `beside_splits`."""
    rows, chosen = rows.copy(), are_led(len(rows))
    rows[chosen] = beside_splits(ensemble, rows[chosen], rng)
    return rows


def are_led(rows: int) -> Bools:
    """Return which of so many rows are to come to splits, bool [rows]."""
    found: Bools = np.arange(rows) % _CHANCE > 0
    return found
