"""More elements around a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converter_tensorflow.tracing.functions.joining import concatenate
from converter_tensorflow.tracing.functions.shaping import reverse
from converter_tensorflow.tracing.operands import is_traced, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import ints
from converter_tensorflow.tracing.traced import Traced, computed

_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge"}


@function("numpy.pad")
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Traced:
    """More elements around it: one value, or its own mirrored at the edge."""
    found = traced(x)
    widths = [(int(before), int(after)) for before, after in np.broadcast_to(pad_width, (found.ndim, 2))]
    dims = [None if dim is None else dim + before + after for dim, (before, after) in zip(found.shape, widths, strict=True)]
    if mode == "symmetric":
        return _symmetric(found, widths)
    if mode not in _MODES:
        raise Inexpressible(f"padding mode {mode}")
    order = [0, found.ndim - 1, *range(1, found.ndim - 1)] if found.is_first else list(range(found.ndim))
    pads = ints(*(widths[axis][0] for axis in order), *(widths[axis][1] for axis in order))
    value = found.first if found.is_first else found.value
    if mode == "constant":
        if is_traced(constant_values):
            raise Inexpressible("a computed value to pad with")
        filled = value_of(0 if constant_values is None else constant_values, found.dtype)
        return Traced(computed(lambda v, fill: v.node("Pad", pads, fill), value, filled), dims, first=found.is_first)
    return Traced(computed(lambda v: v.node("Pad", pads, mode=_MODES[mode]), value), dims, first=found.is_first)


def _symmetric(x: Traced, widths: Sequence[tuple[int, int]]) -> Traced:
    """Mirrored with the edge itself: slices of it in reverse."""
    found = x
    for axis, (before, after) in enumerate(widths):
        lead = (slice(None),) * axis
        head = [reverse(found[(*lead, slice(0, before))], axis)] if before else []
        tail = [reverse(found[(*lead, slice(-after, None))], axis)] if after else []
        found = concatenate([*head, found, *tail], axis)
    return found
