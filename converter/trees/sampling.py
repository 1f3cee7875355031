"""Random values for the columns that trees ask for: on their thresholds, one step beside them, missing, of unknown category."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converter.trees.ensemble import Ensemble, Floats, Ints

BESIDE = 0.5  # of the values of a column with thresholds lie on or beside one
STRANGE = 0.2  # of the values of a column of categories are none of them, where that is asked
MISSING = 0.1  # of the values are missing where that is asked; as many infinite, as many zero
MARGIN = 1 / 8  # of the range that values may lie outside it
_FEW = 40  # unknown categories of one kind


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its range, or its categories, and the thresholds that it is compared with."""

    low: float = -1.0
    high: float = 1.0
    thresholds: Floats = field(default_factory=lambda: np.empty(0))
    categories: tuple[int, ...] = ()
    unknown: bool = False
    """Categories that nobody knows come too: gaps, and numbers above the largest."""
    negative: bool = False
    """Negative categories come too."""
    fractional: bool = False
    """Numbers between two categories come too."""
    nan: bool = False
    infinite: bool = False
    zero: bool = False
    """Zero comes often, as where it counts as missing."""

    def draw(self, rng: np.random.Generator, rows: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Return random values, [rows]; thresholds and categories are visited in turn, in random order."""
        values = (self._category(rng, rows) if self.categories else self._between(rng, rows)).astype(dtype)
        if len(self.thresholds):
            values = np.where(rng.random(rows) < BESIDE, beside(rng, self.thresholds[in_turn(rng, len(self.thresholds), rows)], dtype), values)
        for asked, strange in ((self.zero, (0.0, -0.0)), (self.infinite, (np.inf, -np.inf)), (self.nan, (np.nan,))):
            if asked:
                values = np.where(rng.random(rows) < MISSING, rng.choice(np.array(strange, dtype), rows), values)
        return values

    def _between(self, rng: np.random.Generator, rows: int) -> Floats:
        share = rng.uniform(-MARGIN, 1 + MARGIN, rows)
        return np.clip(self.low * (1 - share) + self.high * share, -_LARGEST, _LARGEST)

    def _category(self, rng: np.random.Generator, rows: int) -> Floats:
        known = np.array(self.categories, np.float64)
        values = known[in_turn(rng, len(known), rows)]
        strange = np.concatenate([np.empty(0), *self._strange(known)])
        return np.where(rng.random(rows) < STRANGE, rng.choice(strange, rows), values) if len(strange) else values

    def _strange(self, known: Floats) -> Iterator[Floats]:
        top = known.max()
        if self.unknown:
            yield np.array([top + 1, top + 40])
            yield np.setdiff1d(np.arange(min(top, 1000)), known)[:_FEW]
        if self.negative:
            yield np.array([-1.0, -2.0, -1 - top])
        if self.fractional:
            yield known[:_FEW] + 0.5
            yield known[:_FEW] - 0.25


_LARGEST = float(np.finfo(np.float32).max)


def columns_of(*ensembles: Ensemble) -> tuple[Column, ...]:
    """Return the columns of the matrix that ensembles of one width read: their thresholds, the range of these, or the categories that sets name.

    A library that knows its training ranges, its categories, or what may be missing says so with `dataclasses.replace`.
    """
    thresholds = _by_feature(np.concatenate([_asked(each) for each in ensembles]), ensembles[0].width)
    members = _by_feature(np.concatenate([_named(each) for each in ensembles]), ensembles[0].width)
    return tuple(_column(mine, tuple(known.astype(int).tolist())) for mine, known in zip(thresholds, members, strict=True))


def in_turn(rng: np.random.Generator, count: int, wanted: int) -> Ints:
    """Return places below `count`, [wanted]: each once in random order before any comes again."""
    if count > wanted:
        return rng.choice(count, wanted, replace=False)
    return np.concatenate([rng.permutation(count) for _ in range(-(-wanted // count))] or [np.empty(0, np.int64)])[:wanted]


def beside(rng: np.random.Generator, thresholds: Floats, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Return for each threshold the nearest value of the dtype, or the next one below or above, [thresholds]."""
    steps = rng.integers(-1, 2, len(thresholds))
    with np.errstate(over="ignore", under="ignore"):
        at = thresholds.astype(dtype)
        return np.where(steps == 0, at, np.nextafter(at, np.where(steps > 0, np.inf, -np.inf).astype(dtype)))


def _column(thresholds: Floats, categories: tuple[int, ...]) -> Column:
    finite = thresholds[np.isfinite(thresholds)]
    if not len(finite):
        return Column(thresholds=thresholds, categories=categories)
    low, high = float(finite[0]), float(finite[-1])
    return Column(low, high if high > low else low + 1, thresholds, categories)


def _asked(ensemble: Ensemble) -> Floats:
    """[splits, 2]: the feature and the threshold of every node that has one."""
    mine = ~ensemble.is_leaf & (ensemble.sets < 0 if ensemble.sets is not None else True)
    return np.stack([ensemble.features[mine], ensemble.thresholds[mine]], axis=1)


def _named(ensemble: Ensemble) -> Floats:
    """[…, 2]: the feature and a category of every set."""
    if ensemble.sets is None or ensemble.set_starts is None or ensemble.set_members is None:
        return np.empty((0, 2))
    asking = np.nonzero(~ensemble.is_leaf & (ensemble.sets >= 0))[0]
    pairs = np.unique(np.stack([ensemble.features[asking], ensemble.sets[asking]], axis=1), axis=0)
    counts = np.diff(ensemble.set_starts)[pairs[:, 1]]
    places = np.arange(counts.sum()) + np.repeat(ensemble.set_starts[:-1][pairs[:, 1]] - np.cumsum(counts) + counts, counts)
    return np.stack([np.repeat(pairs[:, 0], counts), ensemble.set_members[places]], axis=1)


def _by_feature(pairs: Floats, width: int) -> list[Floats]:
    """Each feature's different values, ascending."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs = pairs[order]
    starts = np.searchsorted(pairs[:, 0], np.arange(width + 1))
    return [np.unique(pairs[start:stop, 1]) for start, stop in itertools.pairwise(starts)]
