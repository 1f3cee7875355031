"""Convolutions. Kernels are Keras's: spatial axes, channels in, channels out."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras.src.backend.common.backend_utils import compute_conv_transpose_output_shape

from converter.writing import Value
from converter_tensorflow.tracing.functions.windows import Image, Windows
from converter_tensorflow.tracing.operands import array_of, constant, is_traced, shape_of, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import ints
from converter_tensorflow.tracing.traced import Traced, computed


def _kernel(kernel: Any, dtype: str) -> Value:
    """Its value with the channels out and in before the spatial axes."""
    rank = len(shape_of(kernel))
    order = (rank - 1, rank - 2, *range(rank - 2))
    return value_of(kernel, dtype).transposed(*order) if is_traced(kernel) else constant(array_of(kernel, dtype).transpose(order))


def convolved(
    x: Any, kernel: Any, bias: Any, strides: Any, padding: str, data_format: str | None, dilation_rate: Any, groups: int | None = None
) -> Traced:
    """Return the convolution of a batch, with a bias [channels out] or None."""
    image, shape = Image.of(x, data_format), shape_of(kernel)
    if image.channels is None or None in shape:
        raise Inexpressible("channels or a kernel of unknown size")
    windows = Windows.of(len(image.spatial), shape[:-2], strides, dilation_rate, padding)
    others = [_kernel(kernel, image.value.dtype), *([] if bias is None else [value_of(bias, image.value.dtype)])]
    count = image.channels // shape[-2] if groups is None else groups  # type: ignore[operator]

    def write(v: Value, *rest: Value) -> Value:
        return v.node("Conv", *rest, kernel_shape=windows.lengths, dilations=windows.dilations, group=count, **windows.attributes(image.spatial))

    return image.becomes(computed(write, image.value, *others), windows.moved_over(image.spatial), shape[-1])


@function("nn.conv")
def conv(inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None, dilation_rate: Any = 1) -> Traced:
    """Grouped where the kernel has fewer channels than the batch."""
    return convolved(inputs, kernel, None, strides, padding, data_format, dilation_rate)


@function("nn.depthwise_conv")
def depthwise_conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None, dilation_rate: Any = 1
) -> Traced:
    """Each channel alone."""
    *lengths, channels, multiplier = shape_of(kernel)
    if None in (channels, multiplier, *lengths):
        raise Inexpressible("a kernel of unknown size")
    wide = (*lengths, 1, channels * multiplier)  # type: ignore[operator]
    flat = traced(kernel).value.reshaped(*wide) if is_traced(kernel) else array_of(kernel).reshape(wide)  # type: ignore[arg-type]
    own = Traced(flat, wide) if isinstance(flat, Value) else flat
    return convolved(inputs, own, None, strides, padding, data_format, dilation_rate, groups=channels)


@function("nn.separable_conv")
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Traced:
    """Each channel alone, then all of each pixel."""
    alone = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(alone, pointwise_kernel, 1, "valid", data_format)


@function("nn.conv_transpose")
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Traced:
    """The gradient of a convolution; how long its output is Keras says, how it lies in it TensorFlow: centred, the odd element behind."""
    image, shape = Image.of(inputs, data_format), shape_of(kernel)
    if None in shape:
        raise Inexpressible("a kernel of unknown size")
    rank = len(image.spatial)
    windows = Windows.of(rank, shape[:-2], strides, dilation_rate, "valid")
    longer = _longer(shape, windows, strides, padding, output_padding, dilation_rate)
    spans = [windows.reach(axis) - extra for axis, extra in enumerate(longer)]  # what a full gradient has more than the output
    cut = [max(span, 0) if padding == "same" else 0 for span in spans]
    pads = [each // 2 for each in cut] + [each - each // 2 for each in cut]
    behind = [extra - windows.reach(axis) + each for axis, (extra, each) in enumerate(zip(longer, cut, strict=True))]

    def write(v: Value, weights: Value) -> Value:
        found = v.node("ConvTranspose", weights, kernel_shape=windows.lengths, dilations=windows.dilations, strides=windows.steps, pads=pads)
        return _fitted(found, behind)

    kept = computed(write, image.value, _kernel(kernel, image.value.dtype))
    spatial = [None if dim is None else (dim - 1) * windows.steps[axis] + longer[axis] for axis, dim in enumerate(image.spatial)]
    return image.becomes(kept, spatial, shape[-2])


def _longer(shape: Any, windows: Windows, strides: Any, padding: str, output_padding: Any, dilation_rate: Any) -> list[int]:
    """How long the output of one element is; every other adds a step."""
    rank, probe = len(windows.lengths), 7
    found = compute_conv_transpose_output_shape(
        [1, *[probe] * rank, shape[-1]], tuple(shape[:-2]), shape[-2], strides, padding, output_padding, "channels_last", dilation_rate
    )
    return [int(dim) - (probe - 1) * step for dim, step in zip(found[1:-1], windows.steps, strict=True)]


def _fitted(value: Value, behind: list[int]) -> Value:
    """With more zeros behind, or without what is too much."""
    rank = len(behind)
    if any(each > 0 for each in behind):
        value = value.node("Pad", ints(0, 0, *[0] * rank, 0, 0, *[max(each, 0) for each in behind]))
    if any(each < 0 for each in behind):
        ends = [each if each < 0 else np.iinfo(np.int64).max for each in behind]
        value = value.node("Slice", ints(*[0] * rank), ints(*ends), ints(*range(2, rank + 2)))
    return value


@function("nn.unfold")
def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Traced:
    """The windows of images [batch, channels, rows, columns] as columns: a convolution that picks one element for each channel out."""
    found = traced(input)
    channels = found.shape[1]
    if channels is None:
        raise Inexpressible("channels of unknown number")
    windows = Windows.of(2, kernel_size, stride, dilation, "valid")
    edges = [int(each) for each in np.broadcast_to(padding, (2,))]
    count = windows.lengths[0] * windows.lengths[1]
    picking = np.tile(np.eye(count, dtype=found.dtype).reshape(count, 1, *windows.lengths), (channels, 1, 1, 1))
    value = found.value.node("Conv", constant(picking), dilations=windows.dilations, strides=windows.steps, pads=[*edges, *edges], group=channels)
    return Traced(value.reshaped(0, channels * count, -1), (found.shape[0], channels * count, None))
