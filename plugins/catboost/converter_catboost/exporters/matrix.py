"""What the trees compare, made of a graph's inputs: the numbers as CatBoost rounds them, and behind them the columns that categories look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converter.trees.heads import flat
from converter.writing import Document

if TYPE_CHECKING:
    from converter_catboost.categories import Bit, Lookup
    from converter_catboost.layout import Layout

_FLOAT, _DOUBLE, _INT64 = 1, 11, 7  # of ONNX's TensorProto


def matrix_of(document: Document, layout: Layout) -> str:
    """Declare the inputs, and return the matrix [batch, width of the splits] in the layout's dtype."""
    numbers = _numbers(document, layout)
    blocks = [numbers] if numbers else []
    if layout.encoding is not None:
        codes = _codes(document, layout)
        blocks += [_looked_up(document, lookup, layout, numbers, codes) for lookup in layout.encoding.lookups]
    matrix = blocks[0] if len(blocks) == 1 else document.node("Concat", *blocks, axis=1)
    return matrix if layout.dtype == "float32" else document.node("Cast", matrix, to=_DOUBLE)


def _numbers(document: Document, layout: Layout) -> str:
    """The numbers in float32, "" where the model takes none."""
    if layout.matrix is None:
        return ""
    given = document.input(layout.matrix.name, layout.matrix.dtype, layout.matrix.dims)
    return given if layout.matrix.dtype == "float32" else document.node("Cast", given, to=_FLOAT)


def _codes(document: Document, layout: Layout) -> dict[int, str]:
    """The codes [batch] of each category that is asked for."""
    codes = {}
    assert layout.encoding is not None
    for index, (given, category) in zip(layout.encoding.asked, layout.categories, strict=True):
        value = flat(document, document.input(given.name, given.dtype, given.dims))
        order = {text: code for code, text in enumerate(category.texts)}
        keys = list(given.domain.values)
        named = {"keys_int64s" if given.dtype == "int64" else "keys_strings": keys}
        numbers = [order[str(key)] for key in keys]
        codes[index] = document.node("LabelEncoder", value, domain="ai.onnx.ml", **named, values_int64s=numbers, default_int64=len(category.texts))
    return codes


def _looked_up(document: Document, lookup: Lookup, layout: Layout, numbers: str, codes: dict[int, str]) -> str:
    """The columns [batch, columns] of a table: its row's number counts the parts, the last one in ones."""
    assert layout.encoding is not None
    parts = [(codes[index], layout.encoding.categories[index].size) for index in lookup.categories]
    parts += [(_bit(document, bit, numbers), 2) for bit in lookup.bits]
    row = parts[0][0]
    for part, size in parts[1:]:
        row = document.node("Add", document.node("Mul", row, document.constant(np.array(size, np.int64))), part)
    return document.node("Gather", document.constant(lookup.values), row, axis=0)


def _bit(document: Document, bit: Bit, numbers: str) -> str:
    """Whether a number lies above a border, int64 [batch]."""
    column = document.node("Gather", numbers, document.constant(np.array(bit.place, np.int64)), axis=1)
    above = document.node("Greater", column, document.constant(np.array(bit.border, np.float32)))
    if bit.nan_is_high:
        above = document.node("Or", above, document.node("IsNaN", column))
    return document.node("Cast", above, to=_INT64)
