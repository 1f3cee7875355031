"""The cells of tables beside the categories that an encoder knows, whatever their dtypes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.writing import Document, Value
from converter_sklearn.estimators import Block, picked
from converter_sklearn.formulas.intervals import places
from converter_sklearn.formulas.missing import is_missing, is_nan, places_of, text_of

_NO_TEXT = -1


@dataclass(frozen=True, eq=False)
class Cells:
    """Neighbouring columns, [batch, columns], from the place `first` on: numbers as they are, but infinity where NaN is a category, or places of texts.

    `keys` are the categories of each column in this form; what no cell can be is NaN, or -1 among texts.
    """

    first: int
    value: Value
    keys: list[np.ndarray]
    texts: int = 0
    """How many texts there are: the place of one that is none of them; 0 for numbers."""

    @property
    def columns(self) -> range:
        """The places of the columns."""
        return range(self.first, self.first + len(self.keys))

    def one_hot(self, kept: Sequence[np.ndarray]) -> Value:
        """Return which of the categories at some places of each column a cell is, [batch, kept], bool."""
        keys = [known[some] for known, some in zip(self.keys, kept, strict=True)]
        cells = self.value if len(keys) == 1 else self.value.columns(np.repeat(np.arange(len(keys)), [len(each) for each in keys]))
        return cells == np.concatenate(keys)

    def looked_up(self, tables: Sequence[np.ndarray], unknown: Sequence[Any], dtype: str) -> Value:
        """Return for each cell what its column's table [categories, …] has for its category, else what the column has for others: [batch, columns, …]."""
        known = np.unique(np.concatenate(self.keys))
        known = np.arange(self.texts) if self.texts else known[np.isfinite(known) | np.isposinf(known)]
        size = len(known) + 1
        flat = np.empty((len(tables) * size, *np.shape(tables[0])[1:]))
        for place, (keys, table, other) in enumerate(zip(self.keys, tables, unknown, strict=True)):
            flat[place * size : (place + 1) * size] = other
            is_known = np.isin(keys, known)
            flat[place * size + np.searchsorted(known, keys[is_known])] = table[is_known]
        at = self._among(known) + np.arange(len(tables)) * size
        return Value(self.value.document, self.value.document.constant(flat.astype(dtype)), dtype)[at]

    def _among(self, known: np.ndarray) -> Value:
        """Return the place of each cell among numbers or texts, their number where it is none of them."""
        if self.texts:
            return self.value
        at = places(self.value, known[None])
        nothing = np.nan if known.dtype.kind == "f" else np.iinfo(np.int64).min
        return (self.value == self.value.constant(np.append(known, nothing))[at]).where(at, len(known))


def cells_of(document: Document, blocks: Sequence[Block], categories: Sequence[np.ndarray], most: int) -> Iterator[Cells]:
    """Yield the cells of a table, as many columns at a time as have at most so many categories together, beside the categories of each column."""
    start = 0
    for block in blocks:
        for first, count in _runs([len(each) for each in categories[start : start + block.width]], most):
            (run,) = picked(document, [block], np.arange(first, first + count))
            known = [list(each) for each in categories[start + first : start + first + count]]
            value = Value(document, run.value, run.dtype)
            yield _texts(start + first, value, known) if run.dtype == "string" else _numbers(start + first, value, known)
        start += block.width


def _runs(counts: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield neighbours that have few categories together: the place of the first, and how many they are."""
    first, total = 0, 0
    for place, count in enumerate(counts):
        if place > first and total + count > most:
            yield first, place - first
            first, total = place, 0
        total += count
    yield first, len(counts) - first


def _texts(first: int, value: Value, categories: list[list[Any]]) -> Cells:
    texts = [[text_of(each) for each in known] for known in categories]
    different = sorted({each for known in texts for each in known if each is not None})
    numbers: dict[str | None, int] = {each: number for number, each in enumerate(different)} | {None: _NO_TEXT}
    keys = [np.array([numbers[each] for each in known], np.int64) for known in texts]
    return Cells(first, places_of(value, different), keys, max(1, len(different)))


def _numbers(first: int, value: Value, categories: list[list[Any]]) -> Cells:
    whole = all(isinstance(each, int | np.integer | bool | np.bool_) for known in categories for each in known)
    if whole and not value.dtype.startswith("float"):
        return Cells(first, value.cast("int64"), [np.array([int(each) for each in known], np.int64) for known in categories])
    keys = [np.array([_number(each) for each in known], np.float64) for known in categories]
    single = value.dtype == "float32" and all(np.array_equal(each, each.astype(np.float32), equal_nan=True) for each in keys)
    value = value.cast("float32" if single else "float64")
    return Cells(first, value.isnan().where(value.constant(np.inf), value) if any(np.isinf(each).any() for each in keys) else value, keys)


def _number(category: Any) -> float:
    """Return a category as a number: infinity for NaN, NaN for what is none."""
    if is_nan(category):
        return np.inf
    return np.nan if isinstance(category, str | bytes) or is_missing(category) else float(category)
