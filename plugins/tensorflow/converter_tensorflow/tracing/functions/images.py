"""Images in other sizes, as TensorFlow's kernels compute them.

ONNX Runtime's cubic interpolation and its antialiasing differ from TensorFlow's, so these are two products with matrices that the graph computes from
the sizes. Source: tensorflow/core/kernels/image/scale_and_translate_op.cc and resize_bicubic_op.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.shaping import expand_dims, squeeze
from converter_tensorflow.tracing.functions.windows import Image
from converter_tensorflow.tracing.operands import is_floating, traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import counted, dims_of, ints, joined, length, sized
from converter_tensorflow.tracing.traced import Traced

Kernel = Callable[[Value], Value]
_TABLE = 1024  # steps between two pixels for which TensorFlow's cubic kernel is tabulated


@function("image.resize")
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Traced:
    """The nearest pixel, of the same dtype, or a mean of those around, always float32."""
    found = traced(images)
    batch = expand_dims(found, 0) if found.ndim == 3 else found
    dtype = found.dtype if interpolation == "nearest" else "float32"
    image = Image.of(batch.cast("float32"), data_format)
    wanted = [sized(each) for each in size]
    exact = not is_floating(found.dtype)  # whole numbers are rounded later, and a last bit decides
    value = image.value
    if crop_to_aspect_ratio:
        value = _cropped(value, wanted)
    elif pad_to_aspect_ratio:
        value = _padded(value, wanted, fill_value)
    resized = image.becomes(_scaled(value, wanted, interpolation, antialias=antialias, exact=exact), dims_of(list(size))[1], image.channels).cast(
        dtype
    )
    return squeeze(resized, 0) if found.ndim == 3 else resized


def _scaled(value: Value, wanted: list[Value], interpolation: str, *, antialias: bool, exact: bool) -> Value:
    if interpolation == "bilinear" and not antialias and exact:
        return _interpolated(_interpolated(value, 3, wanted[1]), 2, wanted[0])
    to = joined([length(value, 0), length(value, 1), *wanted])
    half_pixel = {"coordinate_transformation_mode": "half_pixel"}
    if interpolation == "nearest":
        return _resize(value, to, mode="nearest", nearest_mode="round_prefer_ceil", **half_pixel)
    if interpolation == "bilinear" and not antialias:
        return _resize(value, to, mode="linear", **half_pixel)
    if interpolation not in _KERNELS:
        raise Inexpressible(f"interpolation {interpolation}")
    kernel = _KERNELS[interpolation]
    tabulated = interpolation == "bicubic" and not antialias
    rows, columns = (
        _weights(length(value, axis + 2), count, kernel, antialias=antialias, tabulated=tabulated).cast(value.dtype)
        for axis, count in enumerate(wanted)
    )
    return rows.node("MatMul", value).node("MatMul", columns.transposed(1, 0))


def _interpolated(value: Value, axis: int, wanted: Value) -> Value:
    """Between the two nearest along an axis, with TensorFlow's own steps of float32. Source: tensorflow/core/kernels/image/resize_bilinear_op.cc."""
    count = length(value, axis)
    places = (counted(wanted).cast("float32") + 0.5) * (count.cast("float32") / wanted.cast("float32")) - 0.5
    below = places.floor()
    lower, upper = below.cast("int64").node("Max", ints(0)), places.node("Ceil").cast("int64").node("Min", count - 1)
    share = (places - below).node("Unsqueeze", ints(1)) if axis == 2 else places - below
    first, second = (value.node("Gather", each, axis=axis) for each in (lower, upper))
    return first + (second - first) * share


def _resize(value: Value, to: Value, **attributes: Any) -> Value:
    name = value.document.node("Resize", value.name, "", "", to.name, **attributes)
    return Value(value.document, name, value.dtype)


def _weights(count: Value, wanted: Value, kernel: Kernel, *, antialias: bool, tabulated: bool) -> Value:
    """How much each of `count` pixels has of each wanted one, float32 [wanted, count]."""
    ratio = count.cast("float32") / wanted.cast("float32")
    width = ratio.node("Max", np.float32(1)) if antialias else None
    middles = (counted(wanted).cast("float32") + 0.5).node("Unsqueeze", ints(1)) * ratio
    pixels = counted(count).cast("float32").node("Unsqueeze", ints(0))
    if tabulated:
        before = (middles - 0.5).floor()
        steps = ((middles - 0.5 - before) * _TABLE).node("Round") / _TABLE
        away = pixels - (before + steps)
    else:
        away = pixels + 0.5 - middles
    shares = kernel(abs(away if width is None else away / width))
    return shares / shares.sum(1)


def _triangle(x: Value) -> Value:
    return (1 - x).positive()


def _cubic(x: Value) -> Value:
    """Keys's kernel with a = -1/2."""
    near, far = ((x * 1.5 - 2.5) * x) * x + 1, ((x * -0.5 + 2.5) * x - 4) * x + 2
    return (x < 1).where(near, (x < 2).where(far, 0))


def _lanczos(radius: int) -> Kernel:
    def kernel(x: Value) -> Value:
        angle = x * np.pi
        waves = angle.node("Sin") * (angle / radius).node("Sin") * radius
        return (x <= 1e-3).where(x.constant(1), (x < radius).where(waves / (x <= 1e-3).where(x.constant(1), angle * angle), 0))

    return kernel


_KERNELS: dict[str, Kernel] = {"bilinear": _triangle, "bicubic": _cubic, "lanczos3": _lanczos(3), "lanczos5": _lanczos(5)}


def _share(size: Value, other: Value, wanted: Value) -> Value:
    """How long a side would be beside another of the wanted proportion, cut off, in float32 as TensorFlow does it."""
    return ((size * other).cast("float32") / wanted.cast("float32")).cast("int64")


def _cropped(value: Value, wanted: list[Value]) -> Value:
    """The largest part of the wanted proportion around the middle."""
    (rows, columns), height, width = wanted, length(value, 2), length(value, 3)
    high = height.node("Min", _share(width, rows, columns)).node("Max", ints(1))
    wide = width.node("Min", _share(height, columns, rows)).node("Max", ints(1))
    top, left = (height - high) / 2, (width - wide) / 2
    return value.node("Slice", joined([top, left]), joined([top + high, left + wide]), ints(2, 3))


def _padded(value: Value, wanted: list[Value], fill: float) -> Value:
    """With as much of one value around it as the wanted proportion needs, the same on both sides."""
    (rows, columns), height, width = wanted, length(value, 2), length(value, 3)
    top = (height.node("Max", _share(width, rows, columns)) - height) / 2
    left = (width.node("Max", _share(height, columns, rows)) - width) / 2
    return value.node("Pad", joined([ints(0, 0), top, left, ints(0, 0), top, left]), value.constant(fill).reshaped())


@function("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """Weights of the luma of ITU-R BT.601."""
    found = traced(images)
    first = (keras.config.image_data_format() if data_format is None else data_format) == "channels_first"
    axis = -3 if first else -1
    weights = np.array([0.2989, 0.5870, 0.1140], np.float32).reshape((3, 1, 1) if first else (3,))
    inner = found if is_floating(found.dtype) else found.cast("float32")
    return keras.ops.cast(keras.ops.sum(inner * weights.astype(inner.dtype), axis=axis, keepdims=True), found.dtype)
