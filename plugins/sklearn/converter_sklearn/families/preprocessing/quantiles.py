"""Columns by their quantiles, evenly or normally distributed."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from converter.writing import Value
from converter_sklearn.expressed import Expressed
from converter_sklearn.formulas.intervals import filled, places
from converter_sklearn.formulas.special import ndtr, ndtri

_BOUND = 1e-7  # sklearn.preprocessing._data.BOUNDS_THRESHOLD
_LEAST = _BOUND - float(np.spacing(1))


class Quantiles(Expressed):
    """A QuantileTransformer: a value's place between quantiles, in the middle of those that it equals."""

    estimator: QuantileTransformer

    @classmethod
    def fault(cls, estimator: QuantileTransformer) -> str:
        """Refuse columns without values."""
        return "a column had no values" if np.isnan(estimator.quantiles_).any() else ""

    def transform(self) -> Value:
        """Write the transformed columns."""
        lowest, highest = self.quantiles[0], self.quantiles[-1]
        if not self.is_normal:
            return self._bounded(self._between(), self.x <= lowest, self.x >= highest, 0.0, float(self.estimator.references_[-1]))
        shares = self._bounded(self._between(), self.x - _BOUND < lowest, self.x + _BOUND > highest, 0.0, 1.0)
        return ndtri(shares.clip(_LEAST, 1 - _LEAST)).clip(float(stats.norm.ppf(_LEAST)), float(stats.norm.ppf(1 - _LEAST)))

    def inverse_transform(self) -> Value:
        """Write the columns as they were."""
        shares = ndtr(self.x) if self.is_normal else self.x
        is_low, is_high = (shares - _BOUND < 0, shares + _BOUND > 1) if self.is_normal else (shares <= 0, shares >= 1)
        return self._bounded(self._back(shares), is_low, is_high, self.quantiles[0], self.quantiles[-1])

    @cached_property
    def quantiles(self) -> np.ndarray:
        """The quantiles, [quantiles, columns]."""
        return np.asarray(self.estimator.quantiles_, np.float64)

    @cached_property
    def is_normal(self) -> bool:
        """Whether the columns become normally distributed."""
        return bool(self.estimator.output_distribution == "normal")

    def _bounded(self, found: Value, is_low: Value, is_high: Value, low: float | np.ndarray, high: float | np.ndarray) -> Value:
        return is_low.where(found.constant(low), is_high.where(found.constant(high), found))

    def _between(self) -> Value:
        """Return the shares of the training rows that are below, by the different quantiles of each column."""
        references = np.asarray(self.estimator.references_, np.float64)
        steps = [_steps(column, references) for column in self.quantiles.T]
        known, middles, ends, slopes = (filled([each[part] for each in steps]) for part in range(4))
        at = places(self.x, known, right=True).node("Max", 1) + (np.arange(len(steps)) * known.shape[1] - 1)
        at_known, end, slope = (self._flat(each)[at] for each in (known, ends, slopes))
        found = end + slope * (self.x - at_known)
        return found if np.array_equal(middles, ends) else (self.x == at_known).where(self._flat(middles)[at], found)

    def _flat(self, table: np.ndarray) -> Value:
        return self.constant(np.where(np.isfinite(table), table, 0).ravel())

    def _back(self, shares: Value) -> Value:
        """Return what lies between quantiles as far as shares between the references."""
        references = np.asarray(self.estimator.references_, np.float64)
        if len(references) == 1:
            return shares * 0 + self.quantiles[:1]
        rises = np.diff(self.quantiles, axis=0) / np.diff(references)[:, None]
        last, columns = len(rises) - 1, rises.shape[1]
        row = places(shares, references[None], right=True).node("Max", 1).node("Min", last + 1) - 1
        at = row * columns + np.arange(columns)
        return self.constant(self.quantiles.ravel())[at] + self.constant(rises.ravel())[at] * (shares - self.constant(references)[row])


def _steps(quantiles: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the different quantiles of a column, the middle and the last of the references of each, and the slope that begins there."""
    known, first = np.unique(quantiles, return_index=True)
    last = np.append(first[1:], len(quantiles)) - 1
    rise, run = references[first[1:]] - references[last[:-1]], np.diff(known)
    return known, (references[first] + references[last]) / 2, references[last], np.append(rise / run, 0)
