"""Rows of which most columns are 0, by their entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
from onnx import numpy_helper

from converter.writing import Document, Value, Ways, side_by_side, with_ways
from converter_sklearn.families.feature_extraction.spans import places, span


@dataclass(frozen=True)
class Found:
    """What was found in rows: the row and the column of each, and how often it counts, int64 [found]; once where no weights are given."""

    rows: Value
    columns: Value
    weights: Value | None = None


@dataclass(frozen=True)
class Sparse:
    """A matrix [height, width] by its entries: the row and the column of each, int64, in order and each once, and its value, [entries]."""

    rows: Value
    columns: Value
    values: Value
    height: Value
    width: int

    def with_values(self, values: Value) -> Sparse:
        """Return the matrix with other values at the same places."""
        return replace(self, values=values)

    def scaled(self, norm: str | None) -> Sparse:
        """Return rows whose norm, l1 or l2, is 1, but for those of zeros."""
        if norm is None:
            return self
        sizes = abs(self.values) if norm == "l1" else self.values * self.values
        sums = self._summed(sizes.wide(), 1).flat()
        lengths = (sums if norm == "l1" else sums.sqrt())[self.rows]
        return self.with_values(self.values / (lengths == 0).where(lengths.constant(1), lengths))

    def written(self) -> Value:
        """Return the matrix with its zeros, [height, width]; in another dtype, and its products with constants, it is written from the entries."""
        value = self._dense(self.values.dtype)
        _known.setdefault(value.document, {})[value.name] = self
        return with_ways(value, Ways(self._dense, self._product))

    def _dense(self, dtype: str) -> Value:
        zeros, cells = self._zeros(self.width, dtype), side_by_side([self.rows.wide(), self.columns.wide()])
        return zeros.node("ScatterND", cells, self.values.cast(dtype))

    def _product(self, factors: np.ndarray) -> Value:
        matrix = factors.reshape(self.width, -1)
        parts = self.values.constant(matrix)[self.columns] * self.values.wide()
        return self._summed(parts, matrix.shape[1]) if factors.ndim > 1 else self._summed(parts, 1).flat()

    def _summed(self, parts: Value, width: int) -> Value:
        """Return the sums of the parts [entries, width] of each row, [height, width]."""
        return self._zeros(width, self.values.dtype).node("ScatterND", self.rows.wide(), parts, reduction="add")

    def _zeros(self, width: int, dtype: str) -> Value:
        dims = side_by_side([self.height, self.height.constant([width])], 0)
        return dims.node("ConstantOfShape", dtype=dtype, value=numpy_helper.from_array(np.zeros(1, dtype)))


_known: WeakKeyDictionary[Document, dict[str, Sparse]] = WeakKeyDictionary()


def entries_of(value: Value) -> Sparse | None:
    """Return the entries that a matrix was written from, where it was."""
    return _known.get(value.document, {}).get(value.name)


def summed(found: Sequence[Found], height: Value, width: int, dtype: str) -> Sparse:
    """Return how often what was found counts in each cell."""
    keys = side_by_side([each.rows * width + each.columns for each in found], 0)
    count = keys.rows()
    names = keys.document.nodes("TopK", keys.name, count.name, outputs=2, largest=0)
    ordered, order = (Value(keys.document, name, "int64") for name in names)
    starts = places(ordered != side_by_side([keys.constant([-1]), span(ordered, 0, -1)], 0)).flat()
    stops = side_by_side([span(starts, 1), count], 0)
    if all(each.weights is None for each in found):
        sums = stops - starts
    else:
        weights = side_by_side([each.columns * 0 + 1 if each.weights is None else each.weights for each in found], 0)
        before = side_by_side([weights.constant([0]), weights[order].cumsum(0)], 0)
        sums = before[stops] - before[starts]
    cells = ordered[starts]
    return Sparse(cells / width, cells.node("Mod", width), sums.cast(dtype), height, width)
