"""Normalizations that ONNX has an operator for."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter_tensorflow.tracing.operands import array_of, traced
from converter_tensorflow.tracing.rules import Inexpressible, layer
from converter_tensorflow.tracing.traced import Traced


@layer(keras.layers.LayerNormalization)
def layer_normalization(self: Any, inputs: Any) -> Traced:
    """Over the last axes, of known sizes; others by their moments, as Keras does it. In single precision, as Keras has it for half."""
    found = traced(inputs)
    axes = sorted(int(each) % found.ndim for each in np.atleast_1d(self.axis))
    dims = [dim for dim in (found.shape[each] for each in axes) if dim is not None]
    if axes != list(range(axes[0], found.ndim)) or len(dims) < len(axes) or getattr(self, "rms_scaling", False) or found.dtype == "float64":
        raise Inexpressible("other axes, or scaling alone")
    inner = found.cast("float32")
    weights = [np.ones(dims) if self.gamma is None else array_of(self.gamma).reshape(dims)]
    if self.beta is not None:
        weights.append(array_of(self.beta).reshape(dims))
    value = inner.value.node("LayerNormalization", *weights, axis=axes[0] - found.ndim, epsilon=float(self.epsilon))
    return Traced(value, found.shape).cast(self.compute_dtype)
