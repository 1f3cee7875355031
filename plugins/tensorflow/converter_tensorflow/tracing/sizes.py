"""Sizes that are known, and sizes that the graph computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.writing import Value, side_by_side
from converter_tensorflow.tracing.operands import constant, is_traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible
from converter_tensorflow.tracing.traced import Shape, Traced


def ints(*numbers: int) -> Value:
    """Return a constant int64 [n]."""
    return constant(np.array(numbers, np.int64))


def length(value: Value, axis: int) -> Value:
    """Return the size of an axis, int64 [1]."""
    return value.node("Shape", dtype="int64", start=axis, end=axis + 1)


def size(tensor: Traced, axis: int) -> Value:
    """Return the size of an axis, int64 [1]: a constant where it is known."""
    known = tensor.shape[axis]
    return length(tensor.value, axis) if known is None else ints(known)


def dims_of(shape: Any) -> tuple[Value, Shape]:
    """Return a shape of numbers and traced sizes as a value, int64 [rank], and what is known of it; -1 and traced sizes are not."""
    if is_traced(shape) and shape.shape:
        return _traced_shape(shape)
    dims = [shape] if is_traced(shape) or not np.iterable(shape) else list(shape)
    known = tuple(None if is_traced(dim) or int(dim) == -1 else int(dim) for dim in dims)
    if not any(is_traced(dim) for dim in dims):
        return ints(*(int(dim) for dim in dims)), known
    return joined([sized(dim) for dim in dims]), known


def sized(dim: Any) -> Value:
    """Return a number or a traced size as a value, int64 [1]."""
    return value_of(dim, "int64").reshaped(1) if is_traced(dim) else ints(int(dim))


def joined(parts: Sequence[Value]) -> Value:
    """Return sizes int64 [n] one behind the other."""
    return side_by_side(parts, axis=0)


def counted(count: Value) -> Value:
    """Return 0, 1, … below a count int64 [1], int64 [count]."""
    return constant(np.int64(0)).node("Range", count.reshaped(), np.int64(1))


def _traced_shape(shape: Traced) -> tuple[Value, Shape]:
    (rank,) = shape.shape
    if rank is None:
        raise Inexpressible("a shape of unknown rank")
    return value_of(shape, "int64"), (None,) * rank
