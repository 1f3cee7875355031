"""Missing values filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import impute
from sklearn.impute._iterative import IterativeImputer

from converter.plugin import ExportError
from converter.writing import Value, in_chunks, side_by_side, stacked
from converter_sklearn.estimators import Block, Writer, picked
from converter_sklearn.expressed import Expressed
from converter_sklearn.formulas.missing import are_missing, is_nan

_CHUNK = 1 << 18  # distances at a time


class Marked(Expressed):
    """Tells missing values by what marks them."""

    @cached_property
    def holes(self) -> Value:
        """Which values are missing, [batch, columns]."""
        return side_by_side([self._holes(Value(self.document, block.value, block.dtype)) for block in self.blocks])

    def _holes(self, cells: Value) -> Value:
        found = are_missing(cells, self.estimator.missing_values)
        return found if found is not None else cells.node("Shape", dtype="int64").node("ConstantOfShape", dtype="float32").cast("bool")


class Indicator(Marked):
    """A MissingIndicator."""

    def transform(self) -> Value:
        """Write which values are missing, bool [batch, columns that it tells of]."""
        told = np.asarray(self.estimator.features_)
        is_all = self.estimator.features == "all" or len(told) == self.estimator._n_features
        return self.holes if is_all else self.holes.columns(told)


class Imputer(Marked):
    """An imputer, which may add columns that mark what was missing."""

    def transform(self) -> list[Block]:
        """Write the filled columns, then the marks."""
        return [*self._filled(), *self._marks()]

    def _filled(self) -> list[Block]:
        """Return the columns, those without any training value left out."""
        raise NotImplementedError

    def _marks(self) -> list[Block]:
        told = np.asarray(self.estimator.indicator_.features_) if self.estimator.add_indicator else np.empty(0, int)
        return [Block(self.holes.columns(told).cast(self.compute).name, self.compute, len(told))] if len(told) else []

    def _block(self, value: Value, width: int) -> Block:
        return Block(value.name, value.dtype, width)


class Simple(Imputer):
    """A SimpleImputer, of numbers and of texts."""

    estimator: impute.SimpleImputer

    def _filled(self) -> list[Block]:
        fills = np.asarray(self.estimator.statistics_)
        kept = np.arange(len(fills)) if self.estimator.keep_empty_features else np.flatnonzero([not is_nan(each) for each in fills])
        if len(fills) and fills.dtype.kind != "O":
            fills = fills.astype(getattr(self.estimator, "_fill_dtype", fills.dtype))
        blocks = picked(self.document, self.blocks, kept)
        starts = np.cumsum([0, *(block.width for block in blocks)])
        return [self._of(block, fills[kept[start : start + block.width]]) for block, start in zip(blocks, starts, strict=False)]

    def _of(self, block: Block, fills: np.ndarray) -> Block:
        cells = Value(self.document, block.value, block.dtype)
        holes = are_missing(cells, self.estimator.missing_values)
        if holes is None:
            return block
        if block.dtype != "string":
            return self._block(holes.where(self.constant(fills.astype(np.float64)), cells.cast(self.compute)), block.width)
        if not all(isinstance(each, str) for each in fills):
            raise ExportError("sklearn", "direct", "a SimpleImputer fills texts with numbers", hint="set its fill_value to a text")
        return self._block(holes.where(self.constant(fills, "string"), cells), block.width)


class Nearest(Imputer):
    """A KNNImputer: the mean of a column in the nearest training rows that have it."""

    estimator: impute.KNNImputer

    @classmethod
    def fault(cls, estimator: impute.KNNImputer) -> str:
        """Refuse metrics and weights that are Python functions."""
        if callable(estimator.metric):
            return "its metric is a Python function"
        return "its weights are a Python function" if callable(estimator.weights) else ""

    def _filled(self) -> list[Block]:
        read = self.holes.where(self.constant(np.nan), self.x)
        lacks = (self.holes & self.constant(self.valid, "bool")).cast("int64").max(keep=False)
        lacking = side_by_side([self.constant(np.zeros((1, len(self.valid)))), read.node("Compress", lacks.cast("bool"), axis=0)], axis=0)
        (given,) = in_chunks(lambda rows: [self._given(rows)], lacking, len(self.valid), max(1, _CHUNK // len(self.known)))
        found = self.holes.where(given[lacks.cumsum(0)], self.x)
        if self.valid.all():
            return [self._block(found, len(self.valid))]
        if self.estimator.keep_empty_features:
            return [self._block(self.constant(self.valid, "bool").where(found, 0), len(self.valid))]
        return [self._block(found.columns(np.flatnonzero(self.valid)), int(self.valid.sum()))]

    @cached_property
    def known(self) -> np.ndarray:
        """Which training rows have which columns, [training rows, columns]."""
        return ~np.asarray(self.estimator._mask_fit_X)

    @cached_property
    def valid(self) -> np.ndarray:
        """Which columns any training row has."""
        return np.asarray(self.estimator._valid_mask)

    def _given(self, rows: Value) -> Value:
        """Return what the nearest training rows have in each column that a row lacks, [batch, columns]; something in others."""
        holes, distances = rows.isnan(), self._distances(rows)
        nothing = rows.column(0) * 0
        columns = [self._column(distances, nothing, holes.column(place), place) if valid else nothing for place, valid in enumerate(self.valid)]
        return stacked(columns)

    def _distances(self, rows: Value) -> Value:
        """Return sklearn.metrics.pairwise.nan_euclidean_distances to the training rows, squared; infinite where no column is known of both."""
        known = self.known.astype(np.float64)
        middle = np.array([column[has].mean() if has.any() else 0 for column, has in zip(self.estimator._fit_X.T, self.known.T, strict=True)])
        points = np.where(self.known, self.estimator._fit_X - middle, 0)
        has = ~rows.isnan()
        own, centred = has.cast(self.compute), has.where(rows - middle, 0)
        total = (centred * centred) @ known.T - centred @ (2 * points.T) + own @ (points**2).T
        common = own @ known.T
        return (common == 0).where(total.constant(np.inf), total.positive() / common * len(self.valid))

    def _column(self, distances: Value, nothing: Value, holes: Value, place: int) -> Value:
        """Return a column of the nearest rows that have it, [batch], where it lacks; the mean of all rows where none is comparable."""
        known = self.known[:, place]
        values = np.where(known, self.estimator._fit_X[:, place], 0)
        lacking = _with_first(holes)
        to_donors = distances[lacking] + np.where(known, 0, np.inf)
        nearest, at = to_donors.top(min(self.estimator.n_neighbors, int(known.sum())), largest=False)
        weights = (nearest < np.inf).cast(self.compute) if self.estimator.weights != "distance" else _by_nearness(nearest.sqrt())
        total = weights.sum(keep=False)
        is_nothing = total == 0
        mean = (weights * self.constant(values)[at]).sum(keep=False) / is_nothing.where(total.constant(1), total)
        found = is_nothing.where(mean.constant(values[known].mean()), mean)
        return nothing.node("ScatterElements", lacking, found, axis=0)


class Iterative(Imputer):
    """An IterativeImputer: each column in turn, as a model of others predicts it, round after round."""

    estimator: IterativeImputer

    @classmethod
    def fault(cls, estimator: IterativeImputer) -> str:
        """Refuse what is drawn at random."""
        return "what it fills in is drawn at random" if estimator.sample_posterior else ""

    def _filled(self) -> list[Block]:
        (start,) = self.transformed(self.estimator.initial_imputer_, Value(self.document, self.x.name, self.x.dtype))
        first = Value(self.document, start.value, start.dtype)
        fills = self.estimator.initial_imputer_.statistics_
        empty = np.asarray(getattr(self.estimator, "_is_empty_feature", [is_nan(each) for each in fills]))
        kept = np.arange(len(empty)) if self.estimator.keep_empty_features else np.flatnonzero(~empty)
        if not self.estimator.n_iter_:
            return [self._block(first, len(kept))]
        holes = self.holes if len(kept) == len(empty) and not empty.any() else self.holes.columns(kept) & self.constant(~empty[kept], "bool")
        lacking = {place: _lacking(holes, place) for place in {each.feat_idx for each in self.estimator.imputation_sequence_}}
        found = first
        for each in self.estimator.imputation_sequence_:
            rows, cells = lacking[each.feat_idx]
            found = found.node("ScatterND", cells, _but_first(self._guess(each, found[rows])))
        nothing_known = ~(~holes).any()
        return [self._block(nothing_known.where(first, found), len(kept))]

    def _guess(self, step: Any, rows: Value) -> Value:
        """Return what a step predicts, within its column's bounds, [batch]."""
        guess = self.asked(step.estimator, "predict", rows.columns(step.neighbor_feat_idx)).flat()
        low, high = self.estimator._min_value[step.feat_idx], self.estimator._max_value[step.feat_idx]
        bounded = guess.node("Max", low) if np.isfinite(low) else guess
        return bounded.node("Min", high) if np.isfinite(high) else bounded


def _lacking(holes: Value, place: int) -> tuple[Value, Value]:
    """Return the rows that lack a column, behind the first row, and the cells of all but that one, [rows, 2]."""
    rows = _with_first(holes.column(place))
    return rows, _but_first(rows.wide() * np.array([1, 0]) + np.array([0, place]))


def _with_first(holes: Value) -> Value:
    """Return the places of rows that lack something, behind that of the first row, so that there is one: int64 [places]."""
    return side_by_side([holes.constant([0], "int64"), holes.node("NonZero", dtype="int64").flat()], axis=0)


def _but_first(values: Value) -> Value:
    """Return all rows but the first."""
    return values.node("Slice", values.constant([1], "int64"), values.constant([np.iinfo(np.int64).max], "int64"), values.constant([0], "int64"))


def _by_nearness(distances: Value) -> Value:
    """Return one over distances; in a row with distances of 0 these have 1 and the others 0, see sklearn.neighbors._base._get_weights."""
    is_there = (distances == 0).cast(distances.dtype)
    return (is_there.max() > 0).where(is_there, 1 / distances)


WRITERS: Mapping[type, type[Writer]] = {
    impute.SimpleImputer: Simple,
    impute.MissingIndicator: Indicator,
    impute.KNNImputer: Nearest,
    IterativeImputer: Iterative,
}
