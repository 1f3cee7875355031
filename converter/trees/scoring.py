"""The trees in the graph: scores, and the leaves that rows reach."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
from onnx import TensorProto

from converter.trees.blocks import side_by_side, summed
from converter.trees.constants import with_constants_in_base
from converter.trees.copies import FILLED, NEGATED, NEGATED_FILLED, PLAIN
from converter.trees.ensemble import Ensemble, Floats, Ints
from converter.trees.layout import tree_of_nodes
from converter.trees.lowering import lowered
from converter.trees.regressor import regressor
from converter.trees.symmetric_scoring import symmetric_leaves, symmetric_scores, symmetric_trees
from converter.trees.tree_ensemble import tree_ensemble
from converter.writing.document import Document, digest

_EXACT = 1 << 24  # float32 holds all whole numbers up to here


def add_scores(document: Document, ensemble: Ensemble, matrix: str, dtype: str = "float32") -> str:
    """Add the trees: what they say of the rows of a matrix [batch, width] of `dtype`, as [batch, targets] of the same dtype, base included.

    The decisions are exact for values of the dtype. Columns that sets are asked of hold whole numbers, infinities or NaN.
    """
    return _scores(document, ensemble, matrix, np.dtype(dtype))


def add_leaves(document: Document, ensemble: Ensemble, matrix: str, dtype: str, numbers: Ints) -> str:
    """Add what `numbers` [nodes] says of the leaf that each row of a matrix of `dtype` reaches in each tree, int64 [batch, trees]."""
    kind: np.dtype[Any] = np.dtype(dtype)
    if (symmetric := symmetric_trees(document, ensemble, kind)) is not None:
        return symmetric_leaves(document, ensemble, symmetric, matrix, kind, numbers)
    return _beside(document, _leaves(document, ensemble, matrix, kind, numbers))


def _scores(document: Document, ensemble: Ensemble, matrix: str, dtype: np.dtype[Any]) -> str:
    ensemble = with_constants_in_base(ensemble)
    if not ensemble.trees:
        return _for_each_row(document, ensemble.base, matrix, dtype)
    if (symmetric := symmetric_trees(document, ensemble, dtype)) is not None:
        return _with_base(document, symmetric_scores(document, ensemble, symmetric, matrix, dtype), ensemble.base, dtype)
    ready = lowered(ensemble, dtype)
    needs_3 = ready.shares_nodes or len(ready.ensemble.leaf_targets) > ready.ensemble.is_leaf.sum()
    if needs_3 and dtype == np.float64:
        return _looked_up(document, ensemble, matrix, dtype)
    version = 3 if needs_3 else 5 if dtype == np.float64 else None
    wide = _with_copies(document, matrix, ready.copies, dtype)
    groups = [[_walked(document, block.ensemble, wide, dtype, version) for block in group] for group in summed(ready.ensemble)]
    return _with_base(document, _beside(document, [_sum(document, group) for group in groups]), ensemble.base, dtype)


def _walked(document: Document, ensemble: Ensemble, matrix: str, dtype: np.dtype[Any], version: int | None) -> str:
    """One node of trees that are lowered already; `version` is that of ai.onnx.ml whose operator it needs, None if each will do.

    The scores are of the dtype if the version is 5, else float32 or of the dtype.
    """
    parts = (getattr(ensemble, each.name) for each in fields(ensemble))
    key = digest(f"{matrix} {dtype}".encode(), *(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode() for part in parts))
    return document.last("trees", key, partial(_node, ensemble, matrix, dtype), version, matrix)


def _node(ensemble: Ensemble, matrix: str, dtype: np.dtype[Any], scores: str, version: int) -> bytes:
    return (regressor if version == 3 else tree_ensemble)(ensemble, matrix, scores, dtype)


def _looked_up(document: Document, ensemble: Ensemble, matrix: str, dtype: np.dtype[Any]) -> str:
    """Scores from a table of what each leaf adds: where the operator of double precision cannot hold the leaves."""
    leaf = ensemble.is_leaf
    ordinals = np.cumsum(leaf) - 1
    table = np.zeros((int(leaf.sum()), ensemble.targets))
    np.add.at(table, (np.repeat(ordinals, np.diff(ensemble.leaf_starts)), ensemble.leaf_targets), ensemble.leaf_weights)
    rows, trees = document.constant(table.astype(dtype)), document.constant(np.array([1], np.int64))
    parts = [document.node("Gather", rows, part) for part in _leaves(document, ensemble, matrix, dtype, ordinals)]
    sums = [document.node("ReduceSum", part, trees, keepdims=0) for part in parts]
    return _with_base(document, _sum(document, sums), ensemble.base, dtype)


def _leaves(document: Document, ensemble: Ensemble, matrix: str, dtype: np.dtype[Any], numbers: Ints) -> list[str]:
    """Numbers of leaves, int64 [batch, trees] in parts that lie side by side; large ones from a table, since trees say floats."""
    leaf = ensemble.is_leaf
    if np.abs(numbers[leaf]).max(initial=0) <= _EXACT:
        return [part for part, _, _ in _reached(document, ensemble, matrix, dtype, numbers)]
    before: Ints = (np.cumsum(leaf) - leaf)[ensemble.roots]
    inside = np.cumsum(leaf) - 1 - before[tree_of_nodes(ensemble)]
    table = document.constant(numbers[leaf].astype(np.int64))
    return [
        document.node("Gather", table, document.node("Add", part, document.constant(before[first:stop])))
        for part, first, stop in _reached(document, ensemble, matrix, dtype, inside)
    ]


def _reached(document: Document, ensemble: Ensemble, matrix: str, dtype: np.dtype[Any], numbers: Ints) -> list[tuple[str, int, int]]:
    """Numbers of leaves that a float holds, int64, in parts: the values, and the trees of each."""
    leaf = ensemble.is_leaf
    telling = with_constants_in_base(
        replace(
            ensemble,
            targets=ensemble.trees,
            leaf_starts=np.append(0, np.cumsum(leaf)),
            leaf_targets=tree_of_nodes(ensemble)[leaf],
            leaf_weights=numbers[leaf].astype(np.float64),
            base=np.zeros(ensemble.trees),
        )
    )
    if not telling.trees:
        return [(document.node("Cast", _for_each_row(document, telling.base, matrix, dtype), to=TensorProto.INT64), 0, telling.targets)]
    ready = lowered(telling, dtype)
    wide = _with_copies(document, matrix, ready.copies, dtype)
    parts = []
    for block in side_by_side(ready.ensemble):
        told = document.node("Cast", _walked(document, block.ensemble, wide, dtype, 3 if ready.shares_nodes else None), to=TensorProto.INT64)
        constants = telling.base[block.first : block.stop].astype(np.int64)
        parts.append((document.node("Add", told, document.constant(constants)) if constants.any() else told, block.first, block.stop))
    return parts


def _with_copies(document: Document, matrix: str, copies: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """The matrix's copies side by side, [batch, copies * width]."""
    made = {PLAIN: matrix}
    if {NEGATED, NEGATED_FILLED} & set(copies):
        made[NEGATED] = document.node("Neg", matrix)
    if {FILLED, NEGATED_FILLED} & set(copies):
        is_nan, lowest = document.node("IsNaN", matrix), document.constant(np.array(-np.inf, dtype))
        made |= {copy + FILLED: document.node("Where", is_nan, lowest, made[copy]) for copy in (PLAIN, NEGATED) if copy + FILLED in copies}
    return _beside(document, [made[copy] for copy in copies])


def _for_each_row(document: Document, values: Floats, matrix: str, dtype: np.dtype[Any]) -> str:
    """The same values for each row of a matrix, [batch, values]."""
    rows = document.node("Slice", document.node("Shape", matrix), *(document.constant(np.array([each], np.int64)) for each in (0, 1)))
    dims = document.node("Concat", rows, document.constant(np.array([len(values)], np.int64)), axis=0)
    return document.node("Expand", document.constant(values.astype(dtype)), dims)


def _with_base(document: Document, scores: str, base: Floats, dtype: np.dtype[Any]) -> str:
    return document.node("Add", scores, document.constant(base.astype(dtype))) if base.any() else scores


def _sum(document: Document, parts: list[str]) -> str:
    return document.node("Sum", *parts) if len(parts) > 1 else parts[0]


def _beside(document: Document, parts: list[str]) -> str:
    return document.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
