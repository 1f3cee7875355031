"""Values in a row, those of all texts one text after the other: parts of it, neighbours, and what is kept of it."""

from __future__ import annotations

import numpy as np

from converter.writing import Value, side_by_side

_END = np.iinfo(np.int64).max


def span(value: Value, start: int, stop: int = _END, step: int = 1, axis: int = 0) -> Value:
    """Return value[start:stop:step] along an axis."""
    return value.node("Slice", *(value.constant([each], "int64") for each in (start, stop, axis, step)))


def neighbours(value: Value, filler: int, axis: int = 0) -> tuple[Value, Value]:
    """Return what is before and what is after each number along the last axis; a filler is before the first and after the last."""
    edge = value.constant([filler]) if axis == 0 else value.for_each_row([filler])
    return side_by_side([edge, span(value, 0, -1, axis=axis)], axis), side_by_side([span(value, 1, axis=axis), edge], axis)


def kept(value: Value, keep: Value) -> Value:
    """Return the elements of a value where a condition of the same shape holds, one after the other."""
    return value.node("Compress", keep.flat())


def places(condition: Value) -> Value:
    """Return where a condition holds, its places along each axis, int64 [axes, places]."""
    return condition.node("NonZero", dtype="int64")


def numbers(count: Value) -> Value:
    """Return the numbers from 0 to before a count [1]."""
    return count.constant(0).node("Range", count.reshaped(), 1)
