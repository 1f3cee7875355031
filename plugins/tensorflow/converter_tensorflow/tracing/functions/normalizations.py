"""Normalizations with what they were trained to."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.operands import array_of, holds_traced, traced
from converter_tensorflow.tracing.rules import function
from converter_tensorflow.tracing.traced import Traced


@function("nn.batch_normalization")
def batch_normalization(x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3) -> Any:
    """A factor and an offset for each channel, from constants in double precision; ONNX Runtime puts them into the convolution before."""
    if holds_traced((mean, variance, offset, scale)):
        return _computed(x, mean, variance, axis, offset, scale, epsilon)
    found = traced(x)
    middle, spread = (array_of(each).astype(np.float64).ravel() for each in (mean, variance))
    factor = (1 if scale is None else array_of(scale).astype(np.float64).ravel()) / np.sqrt(spread + epsilon)
    shift = (0 if offset is None else array_of(offset).astype(np.float64).ravel()) - middle * factor
    along, rank = axis % found.ndim, found.ndim
    held = 1 if found.is_first and along == rank - 1 else None if found.is_first else along
    if held is None:
        found, held = Traced(found.value, found.shape), along

    def write(v: Value) -> Value:
        shape = [-1 if place == held else 1 for place in range(rank)]
        return v * factor.reshape(shape) + shift.reshape(shape)

    return found.mapped(write)


def _computed(x: Any, mean: Any, variance: Any, axis: int, offset: Any, scale: Any, epsilon: float) -> Any:
    ops, rank = keras.ops, traced(x).ndim

    def along(thing: Any) -> Any:
        shape = [-1 if place == axis % rank else 1 for place in range(rank)]
        return thing if traced(thing).ndim == rank else ops.reshape(thing, shape)

    factor = ops.rsqrt(along(variance) + epsilon)
    factor = factor if scale is None else factor * along(scale)
    shift = -along(mean) * factor if offset is None else along(offset) - along(mean) * factor
    return traced(x) * factor + shift
