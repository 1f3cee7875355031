"""Symmetric trees in the graph: no tree is walked. All splits are compared at once, and the bits of a tree's levels are its leaf's place in a table.

    few rows     [batch, splits]; one gather picks the numbers that the splits compare
    many rows    [splits, batch], a chunk of rows at a time, which stays in the cache; whole columns are picked, compared and added up to places

A walk waits at every node for the one before, some nanoseconds each; here a split takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from converter.trees.ensemble import Comparison, Ensemble, Ints
from converter.trees.rounding import rounded
from converter.trees.symmetric import Symmetric, symmetric_of
from converter.trees.symmetric_tables import FEW, Numbers, Sums, Tables, VectorSums

if TYPE_CHECKING:
    from converter.writing import Document

_OPSET = 13  # the first whose ReduceSum takes its axes as an input
_SPLITS = 512  # below which a walk is quicker
_FEW = 32  # rows that stay rows
_CHUNK = 128  # rows
_PART = 512  # trees that many rows pass at a time
_PICKED = 1 << 13  # weights that are picked for a row at a time

Array = np.ndarray[Any, Any]


def symmetric_trees(document: Document, ensemble: Ensemble, dtype: np.dtype[Any]) -> list[Symmetric] | None:
    """Return the trees if they are symmetric, and so many that they are better written so, with thresholds that the dtype can hold; else None."""
    found = symmetric_of(rounded(ensemble, dtype)) if document.opset >= _OPSET else None
    return found if found is not None and sum(group.thresholds.size for group in found) >= _SPLITS else None


def symmetric_scores(document: Document, ensemble: Ensemble, groups: Sequence[Symmetric], matrix: str, dtype: np.dtype[Any]) -> str:
    """Add what the trees say of the rows of a matrix [batch, width] of a dtype, [batch, targets]; the ensemble's base is left out."""
    owner = np.repeat(np.arange(ensemble.nodes), np.diff(ensemble.leaf_starts))
    weights = np.zeros((ensemble.nodes, ensemble.targets))
    np.add.at(weights, (owner, ensemble.leaf_targets), ensemble.leaf_weights)
    sums, most = (Sums, _PART) if ensemble.targets <= FEW else (VectorSums, max(1, min(_PART, _PICKED // ensemble.targets)))
    levels = _Levels(document, ensemble, groups, matrix, dtype, lambda part: sums(document, weights[part.leaves].astype(dtype)))
    return levels.said(most, ensemble.targets, lambda said: document.node("Sum", *said))


def symmetric_leaves(document: Document, ensemble: Ensemble, groups: Sequence[Symmetric], matrix: str, dtype: np.dtype[Any], numbers: Ints) -> str:
    """Add what `numbers` [nodes] says of the leaf that each row reaches in each tree, int64 [batch, trees]."""
    levels = _Levels(document, ensemble, groups, matrix, dtype, lambda part: Numbers(document, numbers[part.leaves].astype(np.int64)))
    said = levels.said(_PART, ensemble.trees, lambda said: document.node("Concat", *said, axis=1))
    order = np.argsort(np.concatenate([group.trees for group in groups]))
    return said if (np.diff(order) == 1).all() else document.node("Gather", said, document.constant(order), axis=1)


@dataclass(frozen=True)
class _Part:
    """Trees of one depth as constants of the graph; their splits lie level by level."""

    levels: int
    trees: int
    features: str
    """[splits]"""
    thresholds: str
    """[splits, 1]"""
    thresholds_of_rows: str
    """The same, [1, splits]."""
    powers: str
    """[1, levels]; what the bit of a level counts."""
    tables: Tables


class _Levels:
    """Writes symmetric trees, whose tables `tables_of` writes for some of them."""

    def __init__(
        self,
        document: Document,
        ensemble: Ensemble,
        groups: Sequence[Symmetric],
        matrix: str,
        dtype: np.dtype[Any],
        tables_of: Callable[[Symmetric], Tables],
    ) -> None:
        self.document = document
        self.dtype = dtype
        self.goes_no = "Less" if ensemble.comparison is Comparison.LEQ else "LessOrEqual"
        self.width = ensemble.width
        self.matrix = matrix
        self.groups = groups
        self.tables_of = tables_of
        self.shift = self._fill({bool(each) for group in groups for each in np.unique(group.missing)})

    def said(self, most: int, columns: int, together: Callable[[Sequence[str]], str]) -> str:
        """Return what all trees say together of the rows, [batch, columns]; of many rows in parts of at most so many trees."""
        document = self.document
        parts = [self._part(part) for group in self.groups for part in group.parts(most)]
        in_parts = len(parts) == len(self.groups) or most < _PART  # so many targets that a few rows of them are many numbers
        whole = parts if in_parts else [self._part(group) for group in self.groups]
        rows = document.node("Slice", document.node("Shape", self.matrix), self._sizes(0), self._sizes(1))
        is_few = document.node("Less", rows, self._sizes(_FEW + 1))
        few = document.graph(lambda: _one([self._of_rows(part, rows) for part in whole], together))
        many = document.graph(lambda: self._in_chunks(parts, rows, columns, together))
        return document.node("If", is_few, then_branch=few, else_branch=many)

    def _of_rows(self, part: _Part, rows: str) -> str:
        document = self.document
        picked = document.node("Expand", part.features, document.node("Concat", rows, self._sizes(1), axis=0))
        bits = self._bits(part.thresholds_of_rows, document.node("GatherElements", self.matrix, picked, axis=1), -1, part.levels, part.trees)
        return part.tables.of_rows(self._places(part, bits, -1, part.trees))

    def _in_chunks(self, parts: Sequence[_Part], rows: str, columns: int, together: Callable[[Sequence[str]], str]) -> str:
        """Chunks are of one size, and the last one is filled up with zeros."""
        document = self.document
        chunks = document.node("Div", document.node("Add", rows, self._sizes(_CHUNK - 1)), self._sizes(_CHUNK))
        size = document.node("Div", document.node("Add", rows, document.node("Sub", chunks, self._sizes(1))), chunks)
        lacking = document.node("Sub", document.node("Mul", chunks, size), rows)
        filled = document.node("Pad", self.matrix, document.node("Concat", self._sizes(0, 0), lacking, self._sizes(0), axis=0))
        cut = document.node("Reshape", filled, document.node("Concat", chunks, size, self._sizes(self.width), axis=0))
        body = document.graph(lambda chunk: self._of_chunk(parts, chunk, together), [(self.dtype.name, None)])
        said = document.node("Reshape", document.node("Scan", cut, body=body, num_scan_inputs=1), self._sizes(-1, columns))
        return document.node("Slice", said, self._sizes(0), rows)

    def _of_chunk(self, parts: Sequence[_Part], chunk: str, together: Callable[[Sequence[str]], str]) -> str:
        columns = self.document.node("Transpose", chunk, perm=[1, 0])
        return _one([self._of_columns(part, columns) for part in parts], together)

    def _of_columns(self, part: _Part, columns: str) -> str:
        bits = self._bits(part.thresholds, self.document.node("Gather", columns, part.features, axis=0), part.levels, -1)
        return part.tables.of_columns(self._places(part, bits, part.trees, -1))

    def _bits(self, thresholds: str, numbers: str, *dims: int) -> str:
        """Whether rows go to `no` at each split, as 0.0 and 1.0."""
        goes_no = self.document.node("Cast", self.document.node(self.goes_no, thresholds, numbers), to=TensorProto.FLOAT)
        return self.document.node("Reshape", goes_no, self._sizes(*dims))

    def _places(self, part: _Part, bits: str, *dims: int) -> str:
        """The places of leaves in their trees, int32."""
        counted = self.document.node("Reshape", self.document.node("MatMul", part.powers, bits), self._sizes(*dims))
        return self.document.node("Cast", counted, to=TensorProto.INT32)

    def _fill(self, missing: set[bool]) -> int:
        """Make the matrix one in which NaN compares as the splits have it; return how far behind their columns lie those for NaN that goes to `no`.

        No comparison holds for NaN, so that it goes to `yes` as it is; where it is to go to `no` it becomes larger than all numbers.
        """
        if missing == {True}:
            return 0
        highest = self.document.constant(np.array(np.inf, self.dtype))
        filled = self.document.node("Where", self.document.node("IsNaN", self.matrix), highest, self.matrix)
        if missing == {False}:
            self.matrix = filled
            return 0
        self.matrix, self.width, shift = self.document.node("Concat", self.matrix, filled, axis=1), 2 * self.width, self.width
        return shift

    def _part(self, part: Symmetric) -> _Part:
        document = self.document
        thresholds = document.constant(part.thresholds.astype(self.dtype).reshape(-1, 1))
        return _Part(
            part.levels,
            part.count,
            document.constant((part.features + self.shift * ~part.missing).ravel()),
            thresholds,
            document.node("Reshape", thresholds, self._sizes(1, -1)),
            document.constant(2.0 ** np.arange(part.levels)[None, ::-1].astype(np.float32)),
            self.tables_of(part),
        )

    def _sizes(self, *numbers: int) -> str:
        return self.document.constant(np.array(numbers, np.int64))


def _one(said: Sequence[str], together: Callable[[Sequence[str]], str]) -> str:
    return together(said) if len(said) > 1 else said[0]
