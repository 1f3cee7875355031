"""Two tensors that broadcast, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.operands import (
    array_of,
    broadcast,
    constant,
    is_traced,
    shape_of,
    value_of,
)
from converter_tensorflow.tracing.traced import Traced, computed

Binary = Callable[[Value, Value], Value]


def joined(x1: Any, x2: Any, dtype: str, operation: Binary) -> Traced:
    """Return what an operation makes of two that broadcast, in a dtype; images stay channels first where the other one can be turned at no cost."""
    shape = broadcast(shape_of(x1), shape_of(x2))
    turned = [_channels_first(each, dtype, len(shape)) for each in (x1, x2)]
    held = [is_traced(each) and each.is_first and each.ndim == len(shape) for each in (x1, x2)]
    if any(held) and all(each is not None for each in turned):
        return Traced(computed(operation, *(each for each in turned if each is not None)), shape, first=True)
    return Traced(computed(operation, value_of(x1, dtype), value_of(x2, dtype)), shape)


def _channels_first(thing: Any, dtype: str, rank: int) -> Value | None:
    """The value channels first, None where that would turn something."""
    if is_traced(thing):
        if thing.ndim == 0:
            return value_of(thing, dtype)
        return thing.cast(dtype).first if thing.is_first and thing.ndim == rank else None
    array = array_of(thing, dtype)
    if array.ndim == 0:
        return constant(array)
    if array.ndim == rank:
        return constant(np.moveaxis(array, -1, 1))
    return constant(array.reshape(-1, *[1] * (rank - 2))) if array.ndim == 1 else None
