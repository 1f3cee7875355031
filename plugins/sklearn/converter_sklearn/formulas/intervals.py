"""Where values lie among sorted numbers: between which edges, quantiles or knots, or which category they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.writing import Value

_FEW = 24  # numbers, which are compared with one by one sooner than halved


def places(x: Value, table: np.ndarray, *, right: bool = False) -> Value:
    """Return how many of the sorted numbers of its column, a row of `table` [columns, numbers], each element of x [batch, columns] is above.

    With `right` those that it equals count too, as in numpy.searchsorted. A table of one row serves all columns. Infinities at a row's end
    are never passed by finite elements, so that rows may have different lengths. NaN is above nothing. int64 [batch, columns].
    """
    table = _rounded(table, x.dtype, up=right)
    return _by_comparing(x, table, right=right) if table.shape[1] <= _FEW else _by_halving(x, table, right=right)


def filled(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return rows of different lengths as one table, infinities at the ends of the shorter ones."""
    table = np.full((len(rows), max(map(len, rows))), np.inf)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _by_comparing(x: Value, table: np.ndarray, *, right: bool) -> Value:
    if not table.size:
        return (x > np.inf).cast("int64")
    wide = x.wide(2)
    return (wide >= table if right else wide > table).cast("float32").sum(2, keep=False).cast("int64")


def _by_halving(x: Value, table: np.ndarray, *, right: bool) -> Value:
    """Binary search, in all columns at once: `last` is the place in the flat table of the last number that is known to be passed."""
    columns, count = table.shape
    steps = 2 ** np.arange(count.bit_length())[::-1]
    length = int(steps.sum())
    ends = np.full((columns, length - count), np.inf if table.dtype.kind == "f" else np.iinfo(table.dtype).max, table.dtype)
    flat = x.constant(np.concatenate([table, ends], axis=1).ravel())
    starts = np.arange(columns) * length - 1
    last = x.constant(starts, "int64")
    for step in steps:
        probe = last + int(step)
        number = flat[probe]
        last = (x >= number if right else x > number).where(probe, last)
    return (last - starts).node("Min", count)


def _rounded(table: np.ndarray, dtype: str, *, up: bool) -> np.ndarray:
    """Return numbers in a dtype so that every value of the dtype compares with them as with the ones that they stand for."""
    near = np.asarray(table).astype(dtype)
    if near.dtype.kind != "f":
        return near
    beyond = np.nextafter(near, np.array(np.inf if up else -np.inf, dtype))
    return np.where(near < table if up else near > table, beyond, near)
