"""Rows that come to a certain split: chance rarely leads to deep ones, and a threshold that is wrong there would not be seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.trees.ensemble import Bools, Comparison, Ensemble, Ints, goes_yes
from converter.trees.rounding import toward
from converter.trees.sampling import in_turn

_PASSES = 2  # a NaN that suits one split may not suit another of the same column


def beside_splits(ensemble: Ensemble, rows: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return a copy of rows [batch, …], each changed so that it comes to a split, with the last value that goes to `yes` or the first that does not.

    Splits and their two sides come in turn. Values that are on the right side of the splits above stay. Splits of columns that the rows lack, since a graph adds them, are left to chance.
    """
    rows = rows.copy()
    splits = np.nonzero(~ensemble.is_leaf & (ensemble.features < rows.shape[1]))[0]
    if not len(splits):
        return rows
    turns = in_turn(rng, 2 * len(splits), len(rows))
    wanted, yes = splits[turns // 2], turns % 2 == 0
    for _ in range(_PASSES):
        _lead(ensemble, rows, wanted, rng)
    rows[np.arange(len(rows)), ensemble.features[wanted]] = _on_side(ensemble, wanted, yes, rows.dtype, rng)
    return rows


def _lead(ensemble: Ensemble, rows: np.ndarray[Any, Any], wanted: Ints, rng: np.random.Generator) -> None:
    """Climb from the wanted splits to their roots, and correct what would lead a row elsewhere."""
    parents = np.full(ensemble.nodes, -1)
    inner = np.nonzero(~ensemble.is_leaf)[0]
    parents[ensemble.yes[inner]], parents[ensemble.no[inner]] = inner, inner
    climbing, child = np.arange(len(rows)), wanted
    while len(climbing):
        at = parents[child]
        on = (at >= 0) & (ensemble.features[at] < rows.shape[1])
        who, node, side = climbing[on], at[on], (ensemble.yes[at] == child)[on]
        values = rows[who, ensemble.features[node]]
        goes = goes_yes(ensemble, node, values.astype(np.float64))
        rows[who, ensemble.features[node]] = np.where(goes == side, values, _on_side(ensemble, node, side, rows.dtype, rng))
        climbing, child = climbing[at >= 0], at[at >= 0]


def _on_side(ensemble: Ensemble, nodes: Ints, yes: Bools, dtype: np.dtype[Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return for each node a value that goes to `yes`, or to `no`: the nearest to the threshold, or a member of the set, or a number above all."""
    thresholds = toward(ensemble.thresholds[nodes], ensemble.comparison, dtype).astype(dtype)
    is_on_yes = ensemble.comparison is Comparison.LEQ  # the threshold itself
    with np.errstate(over="ignore", under="ignore"):
        stepped = np.nextafter(thresholds, dtype.type(np.inf if is_on_yes else -np.inf))
    values = np.where(yes == is_on_yes, thresholds, stepped)
    if ensemble.sets is None or ensemble.set_starts is None or ensemble.set_members is None or not len(ensemble.set_members):
        return values
    sets = ensemble.sets[nodes]
    first, count = ensemble.set_starts[sets], np.diff(ensemble.set_starts)[sets]
    member = ensemble.set_members[np.minimum(first + (rng.random(len(nodes)) * count).astype(np.int64), len(ensemble.set_members) - 1)]
    return np.where(_has_set(ensemble, nodes), np.where(yes, member, ensemble.set_members.max() + 1), values).astype(dtype)


def _has_set(ensemble: Ensemble, nodes: Ints) -> Bools:
    return np.zeros(len(nodes), bool) if ensemble.sets is None else ensemble.sets[nodes] >= 0
