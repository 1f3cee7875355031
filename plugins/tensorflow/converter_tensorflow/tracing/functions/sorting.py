"""Order."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.shaping import moveaxis, ravel
from converter_tensorflow.tracing.operands import common_dtype, constant, is_traced, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import ints, length
from converter_tensorflow.tracing.traced import Traced


def _ordered(x: Traced, count: Value | None, *, largest: bool) -> tuple[Value, Value]:
    """The values of the last axis in order, so many of them or all, and their places, int64; equals keep their order."""
    wanted = length(x.value, x.ndim - 1) if count is None else count
    return x.value.top(wanted, largest=largest)


@function("numpy.sort")
def sort(x: Any, axis: int | None = -1) -> Traced:
    """The smallest first."""
    found = ravel(x) if axis is None else moveaxis(x, axis, -1)
    values = Traced(_ordered(found, None, largest=False)[0], found.shape)
    return values if axis is None else moveaxis(values, -1, axis)


@function("numpy.argsort")
def argsort(x: Any, axis: int | None = -1) -> Traced:
    """The places of the smallest first."""
    found = ravel(x) if axis is None else moveaxis(x, axis, -1)
    inner = found.cast("int32") if found.dtype == "bool" else found
    places = Traced(_ordered(inner, None, largest=False)[1].cast("int32"), found.shape)
    return places if axis is None else moveaxis(places, -1, axis)


@function("math.top_k")
def top_k(x: Any, k: Any, sorted: bool = True) -> tuple[Traced, Traced]:
    """The largest of the last axis and their places, int32."""
    found = traced(x)
    count = value_of(k, "int64").reshaped(1) if is_traced(k) else ints(int(k))
    values, places = _ordered(found, count, largest=True)
    shape = (*found.shape[:-1], None if is_traced(k) else int(k))
    return Traced(values, shape), Traced(places.cast("int32"), shape)


@function("math.in_top_k")
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether fewer than k of a row are larger than the one at its target."""
    scores = traced(predictions)
    own = keras.ops.take_along_axis(scores, keras.ops.expand_dims(targets, -1), axis=-1)
    larger = keras.ops.sum(keras.ops.cast(scores > own, "int32"), axis=-1)
    return keras.ops.logical_and(larger < k, keras.ops.isfinite(keras.ops.squeeze(own, -1)))


@function("numpy.searchsorted")
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Traced:
    """How many of a sorted row are smaller than each value, or not larger."""
    row, found = traced(sorted_sequence), traced(values)
    if row.ndim != 1:
        raise Inexpressible("a sequence of several rows")
    dtype = common_dtype(row, found)
    wide = found.cast(dtype).value.node("Unsqueeze", ints(found.ndim))
    below = wide > row.cast(dtype).value if side == "left" else wide >= row.cast(dtype).value
    return Traced(below.cast("int32").sum(found.ndim, keep=False), found.shape)


@function("numpy.digitize")
def digitize(x: Any, bins: Any) -> Traced:
    """How many bounds are not larger than each element."""
    found = traced(x)
    bounds = np.asarray(bins, np.float32) if not is_traced(bins) else None
    if bounds is None:
        raise Inexpressible("computed bounds")
    wide = found.cast("float32").value.node("Unsqueeze", ints(found.ndim))
    return Traced((wide >= constant(bounds)).cast("int32").sum(found.ndim, keep=False), found.shape)


def _middle(values: Any, axis: Any, keepdims: bool, q: Any, method: str) -> Any:
    found = traced(values) if axis is not None else ravel(values)
    if axis is not None and np.size(axis) != 1:
        raise Inexpressible("quantiles of several axes")
    along = -1 if axis is None else int(np.ravel(axis)[0])
    ordered = keras.ops.sort(moveaxis(found, along, -1), axis=-1)
    count = ordered.shape[-1]
    if count is None or method != "linear" or np.ndim(q) != 0:
        raise Inexpressible("quantiles of a free axis, several, or by another method than linear")
    place = float(q) * (count - 1)
    low = int(place)
    share = place - low
    lower, upper = ordered[..., low], ordered[..., min(low + 1, count - 1)]
    dtype = common_dtype(found, float)
    result = keras.ops.cast(lower, dtype) * (1 - share) + keras.ops.cast(upper, dtype) * share
    if not keepdims:
        return result
    return keras.ops.expand_dims(result, along) if axis is not None else keras.ops.reshape(result, (1,) * traced(values).ndim)


@function("numpy.median")
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle."""
    return _middle(x, axis, keepdims, 0.5, "linear")


@function("numpy.quantile")
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """What a share of the elements is below."""
    return _middle(x, axis, keepdims, q, method)
