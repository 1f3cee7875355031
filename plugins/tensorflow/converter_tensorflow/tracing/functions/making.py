"""Tensors that are made of shapes and numbers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter_tensorflow.tracing.operands import common_dtype, constant, is_floating, is_traced, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import dims_of
from converter_tensorflow.tracing.traced import Traced


def _named(dtype: Any) -> str:
    return str(keras.backend.standardize_dtype(dtype or keras.backend.floatx()))


@function("numpy.full")
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Traced:
    """One value everywhere."""
    dims, known = dims_of(shape)
    return Traced(value_of(fill_value, _named(dtype)).node("Expand", dims), known)


@function("numpy.zeros", "numpy.empty")
def zeros(shape: Any, dtype: Any = None) -> Traced:
    """0 everywhere."""
    return full(shape, 0, dtype)


@function("numpy.ones")
def ones(shape: Any, dtype: Any = None) -> Traced:
    """1 everywhere."""
    return full(shape, 1, dtype)


@function("numpy.full_like")
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Traced:
    """One value in the shape of another tensor."""
    found = traced(x)
    value = value_of(fill_value, found.dtype if dtype is None else _named(dtype))
    if found.is_first:
        return Traced(value.node("Expand", found.first.node("Shape", dtype="int64")), found.shape, first=True)
    return Traced(value.node("Expand", found.value.node("Shape", dtype="int64")), found.shape)


@function("numpy.zeros_like", "numpy.empty_like")
def zeros_like(x: Any, dtype: Any = None) -> Traced:
    """0 in the shape of another tensor."""
    return full_like(x, 0, dtype)


@function("numpy.ones_like")
def ones_like(x: Any, dtype: Any = None) -> Traced:
    """1 in the shape of another tensor."""
    return full_like(x, 1, dtype)


@function("numpy.arange")
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Traced:
    """Numbers from a first one up to a last one, without it."""
    first, last, by = (0, start, step) if stop is None else (start, stop, step)
    by = 1 if by is None else by
    wanted = _named(dtype) if dtype is not None else common_dtype(first, last, by)
    inner = wanted if is_floating(wanted) else "int64"
    found = value_of(first, inner).node("Range", value_of(last, inner), value_of(by, inner))
    return Traced(found.cast(wanted), (None,))


@function("numpy.linspace")
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0) -> Any:
    """Numbers at equal distances between two."""
    if retstep or axis != 0:
        raise Inexpressible("the step, or another axis")
    wanted = _named(dtype) if dtype is not None else common_dtype(start, stop, float)
    shares = np.arange(num) / max(num - int(endpoint), 1)
    first, last = traced(start, wanted), traced(stop, wanted)
    columns = shares.reshape(-1, *[1] * max(first.ndim, last.ndim)).astype(wanted)
    return first + (last - first) * Traced(constant(columns), columns.shape)


@function("numpy.eye")
def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """1 on a diagonal."""
    rows, columns = (Traced(value_of(each, "int64"), ()) if is_traced(each) else each for each in (N, N if M is None else M))
    down, across = arange(rows, dtype="int32"), arange(columns, dtype="int32")
    return keras.ops.cast(keras.ops.equal(keras.ops.expand_dims(down, 1) + k, keras.ops.expand_dims(across, 0)), _named(dtype))
