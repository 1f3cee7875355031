"""Pools over windows, and over as many windows as wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Value, side_by_side
from converter_tensorflow.tracing.functions.windows import Image, Windows
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import ints
from converter_tensorflow.tracing.traced import Traced, computed


def _pooled(image: Image, windows: Windows, operator: str, **attributes: Any) -> Traced:
    def write(v: Value) -> Value:
        return v.node(operator, kernel_shape=windows.lengths, **windows.attributes(image.spatial), **attributes)

    return image.becomes(computed(write, image.value), windows.moved_over(image.spatial), image.channels)


@function("nn.max_pool")
def max_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None) -> Traced:
    """The largest of each window."""
    image = Image.of(inputs, data_format)
    windows = Windows.of(len(image.spatial), pool_size, pool_size if strides is None else strides, 1, padding)
    return _pooled(image, windows, "MaxPool")


@function("nn.average_pool")
def average_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None) -> Traced:
    """The mean of each window; what was added at the edges does not count."""
    image = Image.of(inputs, data_format)
    windows = Windows.of(len(image.spatial), pool_size, pool_size if strides is None else strides, 1, padding)
    return _pooled(image, windows, "AveragePool", count_include_pad=0)


@function("nn.adaptive_max_pool")
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Traced:
    """The largest of as many windows as wanted."""
    return _adaptive(Image.of(inputs, data_format), output_size, "ReduceMax")


@function("nn.adaptive_average_pool")
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Traced:
    """The mean of as many windows as wanted."""
    return _adaptive(Image.of(inputs, data_format), output_size, "ReduceMean")


def _adaptive(image: Image, output_size: Any, operator: str) -> Traced:
    wanted = [int(each) for each in np.broadcast_to(output_size, (len(image.spatial),))]
    value = image.value
    for place, (dim, count) in enumerate(zip(image.spatial, wanted, strict=True)):
        if dim is None:
            raise Inexpressible("windows of a free axis")
        value = _in_slices(value, place + 2, dim, count, operator)
    return image.becomes(value, wanted, image.channels)


def _in_slices(value: Value, axis: int, dim: int, count: int, operator: str) -> Value:
    """Window i of n is what lies between i/n and (i + 1)/n of the axis, whole elements."""
    ends = [(place * dim // count, -(-(place + 1) * dim // count)) for place in range(count)]
    parts = [value.node("Slice", ints(first), ints(stop), ints(axis)).node(operator, ints(axis), keepdims=1) for first, stop in ends]
    return side_by_side(parts, axis)
