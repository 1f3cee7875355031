"""Sums, means and extremes along axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.indexing import scatter_update
from converter_tensorflow.tracing.functions.shaping import moveaxis, ravel, reshape
from converter_tensorflow.tracing.operands import common_dtype, floating, is_floating, traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import counted, ints, size
from converter_tensorflow.tracing.traced import Shape, Traced, computed

Axes = int | Sequence[int] | None


def reduced(x: Traced, axis: Axes, operator: str, *, keepdims: bool = False) -> Traced:
    """Return what an operator of ONNX makes of some axes, all by default, which go or stay with length 1; images stay channels first."""
    axes = axes_of(axis, x.ndim)
    dims = _left(x.shape, axes, keepdims=keepdims)
    if not axes:
        return x
    if x.is_first:
        held = [0, x.ndim - 1, *range(1, x.ndim - 1)]
        stays = keepdims or x.ndim - 1 in axes or axes == list(range(1, x.ndim - 1))
        if stays:
            places = sorted(held.index(each) for each in axes)
            value = computed(lambda v: v.node(operator, ints(*places), keepdims=int(keepdims)), x.first)
            return Traced(value, dims, first=keepdims)
    return Traced(computed(lambda v: v.node(operator, ints(*axes), keepdims=int(keepdims)), x.value), dims)


def axes_of(axis: Axes, rank: int) -> list[int]:
    """Return axes as numbers from 0 on, in order."""
    return list(range(rank)) if axis is None else sorted(int(each) % rank for each in np.atleast_1d(axis))


def _left(shape: Shape, axes: Sequence[int], *, keepdims: bool) -> list[int | None]:
    return [1 if place in axes else dim for place, dim in enumerate(shape) if keepdims or place not in axes]


def _number(x: Any, dtype: Any = None) -> Traced:
    """As numbers that can be added up: truth values count, small whole numbers become int32, as Keras has it."""
    found = traced(x)
    if dtype is not None:
        return found.cast(keras.backend.standardize_dtype(dtype))
    if found.dtype in ("bool", "int8", "int16"):
        return found.cast("int32")
    return found.cast("uint32") if found.dtype in ("uint8", "uint16") else found


@function("numpy.sum")
def sum_(x: Any, axis: Axes = None, keepdims: bool = False) -> Traced:
    """The sum along axes."""
    return reduced(_number(x), axis, "ReduceSum", keepdims=keepdims)


@function("numpy.prod")
def prod(x: Any, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Traced:
    """The product along axes."""
    return reduced(_number(x, dtype), axis, "ReduceProd", keepdims=keepdims)


@function("numpy.mean")
def mean(x: Any, axis: Axes = None, keepdims: bool = False) -> Traced:
    """The mean along axes; of whole numbers a float."""
    return reduced(floating(x), axis, "ReduceMean", keepdims=keepdims)


def _extreme(operator: str, joining: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def rule(x: Any, axis: Axes = None, keepdims: bool = False, initial: Any = None) -> Any:
        found = traced(x)
        whole = found.cast("int32") if found.dtype == "bool" else found
        best = reduced(whole, axis, operator, keepdims=keepdims).cast(found.dtype)
        return best if initial is None else joining(best, initial)

    return rule


function("numpy.max")(_extreme("ReduceMax", lambda a, b: keras.ops.maximum(a, b)))
function("numpy.min")(_extreme("ReduceMin", lambda a, b: keras.ops.minimum(a, b)))
function("numpy.amax")(_extreme("ReduceMax", lambda a, b: keras.ops.maximum(a, b)))
function("numpy.amin")(_extreme("ReduceMin", lambda a, b: keras.ops.minimum(a, b)))


@function("numpy.any")
def any_(x: Any, axis: Axes = None, keepdims: bool = False) -> Traced:
    """Whether one holds along axes."""
    return reduced(traced(x, "bool").cast("int32"), axis, "ReduceMax", keepdims=keepdims).cast("bool")


@function("numpy.all")
def all_(x: Any, axis: Axes = None, keepdims: bool = False) -> Traced:
    """Whether all hold along axes."""
    return reduced(traced(x, "bool").cast("int32"), axis, "ReduceMin", keepdims=keepdims).cast("bool")


@function("numpy.count_nonzero")
def count_nonzero(x: Any, axis: Axes = None) -> Traced:
    """How many are not 0."""
    return reduced(traced(x, "bool").cast("int32"), axis, "ReduceSum")


@function("numpy.var")
def var(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The mean square of the distances from the mean."""
    found = floating(x)
    away = found - mean(found, axis, keepdims=True)
    return mean(away * away, axis, keepdims)


@function("numpy.std")
def std(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    """The root of the variance."""
    return keras.ops.sqrt(var(x, axis, keepdims))


@function("nn.moments")
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """The mean and the variance."""
    if synchronized:
        raise Inexpressible("moments over several machines")
    return mean(x, axes, keepdims), var(x, axes, keepdims)


@function("numpy.average")
def average(x: Any, axis: Axes = None, weights: Any = None) -> Any:
    """The mean, with weights."""
    if weights is None:
        return mean(x, axis)
    dtype = common_dtype(x, weights, float)
    given, shares = traced(x, dtype), traced(weights, dtype)
    if shares.ndim < given.ndim and isinstance(axis, int):
        shares = reshape(shares, [-1 if place == axis % given.ndim else 1 for place in range(given.ndim)])
    return sum_(given * shares, axis) / sum_(shares * keras.ops.ones_like(given), axis)


@function("math.logsumexp")
def logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Traced:
    """The logarithm of the sum of the exponentials."""
    found = floating(x)
    top = reduced(found, axis, "ReduceMax", keepdims=True)
    sums = reduced((found - top).mapped(lambda v: v.exp()), axis, "ReduceSum", keepdims=keepdims).mapped(lambda v: v.log())
    return traced(sums + (top if keepdims else reduced(found, axis, "ReduceMax")))


def _place(operator: str) -> Callable[..., Traced]:
    def rule(x: Any, axis: int | None = None, keepdims: bool = False) -> Traced:
        found = traced(x)
        if axis is None:
            if keepdims:
                raise Inexpressible("one place of several axes that stay")
            found, axis = ravel(found), 0
        along = int(axis) % found.ndim
        inner = found.cast("int32") if found.dtype == "bool" else found
        dims = _left(found.shape, [along], keepdims=keepdims)

        def place(v: Value) -> Value:
            return v.node(operator, dtype="int64", axis=along, keepdims=int(keepdims))

        return Traced(computed(place, inner.value).cast("int32"), dims)

    return rule


function("numpy.argmax")(_place("ArgMax"))
function("numpy.argmin")(_place("ArgMin"))


@function("numpy.cumsum")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Traced:
    """Each element and those before it, added up."""
    found = ravel(_number(x, dtype)) if axis is None else _number(x, dtype)
    along = (0 if axis is None else int(axis)) % found.ndim
    return Traced(computed(lambda v: v.cumsum(along), found.value), found.shape)


@function("numpy.cumprod")
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Traced:
    """Each element and those before it, multiplied: the product along a triangle of copies."""
    found = ravel(_number(x, dtype)) if axis is None else moveaxis(_number(x, dtype), axis, -1)
    count = size(found, found.ndim - 1)
    below = counted(count).node("Unsqueeze", ints(1)) >= counted(count)
    wide = found.value.node("Unsqueeze", ints(found.ndim - 1))
    product = computed(lambda v: below.where(v, v.constant(1)).product(found.ndim, keep=False), wide)
    running = Traced(product, found.shape)
    return running if axis is None else moveaxis(running, -1, axis)


@function("linalg.norm")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors: 1, 2 and infinity, and of matrices the Frobenius one."""
    found = floating(x)
    axes = axes_of(axis, found.ndim)
    if ord in (None, "euclidean", "fro") or (ord == 2 and len(axes) == 1):
        return reduced(found, axis, "ReduceL2", keepdims=keepdims)
    if len(axes) != 1 or isinstance(ord, str):
        raise Inexpressible(f"ord={ord}")
    if ord == 1:
        return reduced(found, axis, "ReduceL1", keepdims=keepdims)
    if abs(ord) == np.inf:
        return reduced(found.mapped(abs), axis, "ReduceMax" if ord > 0 else "ReduceMin", keepdims=keepdims)
    if ord == 0:
        return reduced((found != 0).cast(found.dtype), axis, "ReduceSum", keepdims=keepdims)
    return reduced(found.mapped(lambda v: abs(v) ** float(ord)), axis, "ReduceSum", keepdims=keepdims).mapped(lambda v: v ** (1 / float(ord)))


def _segments(reduction: str, start: Callable[[str], Any]) -> Callable[..., Traced]:
    def rule(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
        if num_segments is None:
            raise Inexpressible("as many segments as the data says")
        found = traced(data)
        shape = [num_segments, *(keras.ops.shape(found)[1:])]
        base = (
            keras.ops.full(shape, start(found.dtype), dtype=found.dtype)
            if None in found.shape[1:]
            else traced(np.full(shape, start(found.dtype), found.dtype))
        )
        places = keras.ops.expand_dims(segment_ids, -1)
        return scatter_update(base, places, found, reduction)

    return rule


def _lowest(dtype: str) -> Any:
    return np.finfo(dtype).min if is_floating(dtype) else np.iinfo(dtype).min


def _highest(dtype: str) -> Any:
    return np.finfo(dtype).max if is_floating(dtype) else np.iinfo(dtype).max


function("math.segment_sum")(_segments("add", lambda _: 0))
function("math.segment_max")(_segments("max", _lowest))
function("math.segment_min")(_segments("min", _highest))
