"""The same elements in another dtype, or as they are."""

from __future__ import annotations

from typing import Any

import keras

from converter_tensorflow.tracing.operands import (
    is_traced,
    traced,
)
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Traced


@function("core.cast")
def cast(x: Any, dtype: Any) -> Traced:
    """Another dtype; floats are cut off, and NaN is true."""
    return traced(x, keras.backend.standardize_dtype(dtype))


@function("core.convert_to_tensor", "numpy.array", "numpy.copy")
def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Traced:
    """It as it is, or in another dtype; a list that holds tensors becomes one."""
    if sparse or ragged:
        raise Inexpressible("sparse and ragged tensors")
    return traced(x, None if dtype is None else keras.backend.standardize_dtype(dtype))


@function("core.is_tensor")
def is_tensor(x: Any) -> bool:
    """A traced tensor is one."""
    return is_traced(x)


@function("core.stop_gradient", "numpy.real", "numpy.conj", "numpy.conjugate")
def unchanged(**arguments: Any) -> Traced:
    """It as it is."""
    (x,) = arguments.values()
    return traced(x)
