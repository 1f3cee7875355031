"""Columns as B-splines."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sklearn.preprocessing import SplineTransformer

from converter.writing import Value, side_by_side
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.formulas.intervals import places


class Splines(Expressed):
    """A SplineTransformer: the splines of all columns at once, [batch, columns, splines] until the end."""

    estimator: SplineTransformer

    def transform(self) -> Value:
        """Write the splines of the columns, [batch, columns times splines]."""
        found = {"periodic": self._periodic, "continue": self._continued, "error": self._or_nothing}.get(
            self.estimator.extrapolation, self._from_ends
        )()
        if getattr(self.estimator, "handle_missing", "error") == "zeros":
            found = self.wide.isnan().where(found.constant(0), found)
        columns, count = len(self.knots), self.estimator.bsplines_[0].c.shape[1]
        kept = count if self.estimator.include_bias else count - 1
        found = found if kept == count else _part(found, 0, kept)
        return found.reshaped(-1, columns * kept)

    @cached_property
    def wide(self) -> Value:
        """The columns, [batch, columns, 1]."""
        return self.x.wide(2)

    @cached_property
    def knots(self) -> np.ndarray:
        """The knots of each column, [columns, knots]."""
        return np.stack([each.t for each in self.estimator.bsplines_])

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The knots of each column beyond which its splines are extrapolated, [columns, 1]."""
        lows = [knots[degree] for knots, (degree, _) in zip(self.knots, self.kept, strict=True)]
        highs = [knots[-degree - 1] for knots, (degree, _) in zip(self.knots, self.kept, strict=True)]
        return np.array(lows)[:, None], np.array(highs)[:, None]

    @cached_property
    def kept(self) -> list[tuple[int, int]]:
        """Which knot of each column from an end on is the last one, and how many splines from there on are not 0 beyond it.

        SplineTransformer.transform continues at least two splines as lines, and takes that for the degree of all columns behind the first.
        """
        degree, found = self.estimator.degree, []
        for _ in self.knots:
            last = degree
            degree += self.estimator.extrapolation == "linear" and degree <= 1
            found.append((last, degree))
        return found

    def _continued(self) -> Value:
        return self._basis(self.x)

    def _or_nothing(self) -> Value:
        """Return splines, NaN beyond the ends, where scikit-learn raises."""
        found, (low, high) = self._basis(self.x), self.ends
        return ((self.wide >= low) & (self.wide <= high)).where(found, np.nan)

    def _periodic(self) -> Value:
        low, high = (each[:, 0] for each in self.ends)
        period = np.where(high > low, high - low, 1)
        rest = (self.x - low).node("Mod", period, fmod=1)
        inside = (rest < 0).where(rest + period, rest) + low
        flat = np.where(high > low, 0, 1)
        return self._basis(inside if not flat.any() else inside * (1 - flat)) @ dense(self.estimator.bsplines_[0].c)

    def _from_ends(self) -> Value:
        """Return splines that stay as they are beyond the ends, or go on as straight lines."""
        low, high = self.ends
        counts, splines = np.array([count for _, count in self.kept])[:, None], self.knots.shape[1] - self.estimator.degree - 1
        of_low, of_high = np.arange(splines) < counts, np.arange(splines) >= splines - counts
        inside = self.x.clip(low[:, 0], high[:, 0])
        found = self._basis(inside)
        for is_beyond, end, kept in ((self.wide < low, low, of_low), (self.wide > high, high, of_high)):
            value = self._at(end, 0)
            if (value[~kept] != 0).any():
                found = is_beyond.where(found.constant(value * kept), found)
        if self.estimator.extrapolation == "constant":
            return found
        slopes = (self.wide < low).where(found.constant(self._at(low, 1) * of_low), self._at(high, 1) * of_high)
        return found + (self.x - inside).wide(2) * slopes

    def _at(self, ends: np.ndarray, derivative: int) -> np.ndarray:
        """Return the splines at an end of each column, or what they rise by there, [columns, splines]."""
        return np.stack([each(float(end), nu=derivative) for each, end in zip(self.estimator.bsplines_, ends[:, 0], strict=True)])

    def _basis(self, x: Value) -> Value:
        """Return all splines of the degree: those that are not 0 at x, put in their places among zeros."""
        degree, (columns, count) = self.estimator.degree, self.knots.shape
        at = places(x, self.knots[:, degree + 1 : -degree - 1], right=True) + degree
        some = _stacked(self._some(x, at + np.arange(columns) * count))
        zeros = x.for_each_row(np.zeros((columns, count - degree - 1)))
        return zeros.node("ScatterElements", at.wide(2) + (np.arange(degree + 1) - degree), some, axis=2)

    def _some(self, x: Value, at: Value) -> list[Value]:
        """Return the splines that are not 0 at x, given the knots below it: L. Piegl and W. Tiller, The NURBS Book, algorithm 2.2."""
        degree, flat = self.estimator.degree, self.constant(self.knots.ravel())
        lows, highs = [flat[at - step] for step in range(degree)], [flat[at + step] for step in range(1, degree + 1)]
        below, above = [x - each for each in lows], [each - x for each in highs]
        found = [x * 0 + 1]
        for upper in range(degree):
            rest: Value | None = None
            raised = []
            for place, each in enumerate(found):
                share = each / self._widths(highs[place] - lows[upper - place])
                raised.append(above[place] * share if rest is None else rest + above[place] * share)
                rest = below[upper - place] * share
            found = [*raised, *([rest] if rest is not None else [])]
        return found

    def _widths(self, widths: Value) -> Value:
        """Return distances of knots, those of equal ones infinite, so that nothing is shared out between them."""
        inner = self.knots[:, self.estimator.degree : self.knots.shape[1] - self.estimator.degree]
        return widths if (np.diff(inner) > 0).all() else (widths == 0).where(widths.constant(np.inf), widths)


def _stacked(values: list[Value]) -> Value:
    """Return values [batch, columns] as [batch, columns, values]."""
    return side_by_side([each.wide(2) for each in values], axis=2)


def _part(value: Value, start: int, stop: int) -> Value:
    """Return a part of the last axis of [batch, columns, splines]."""
    return value.node("Slice", *(value.constant([each], "int64") for each in (start, stop, 2)))
