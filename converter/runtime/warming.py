"""Runs on zeros, so that the first real call of a size finds everything that later calls find: memory, tuned kernels, learned shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from converter.errors import GraphError, UnknownName, UsageError
from converter.runtime.arrays.block import Block
from converter.runtime.device.memory import Memory
from converter.runtime.opening.axes import axis_names, length_of
from converter.runtime.opening.graph import Opened
from converter.runtime.opening.options import check_positive
from converter.runtime.opening.ports import Port

_BY_HAND = "warm such a graph up by calling the session on an input of your own"


def warm_up(opened: Opened, call: Callable[[Mapping[str, Any]], Any], sizes: Sequence[Mapping[str, int]]) -> None:
    """Call the graph once for each mapping of axis sizes; on another device than the CPU twice, from main memory and from the device.

    The first of the two lets ONNX Runtime allocate, and the shapes are learned; the second takes buffers for the outputs, which stay in the pool.

    Raises:
        UnknownName: the graph has no such axis.
        UsageError: a size is missing or no positive whole number, or an input has a dimension that no axis names.
        GraphError: the graph fails on zeros.
    """
    memory = opened.order.memory
    needed = [port for port in opened.inputs.values() if not port.is_optional]
    asked = [_without_fixed(each, opened.options.sizes) for each in sizes or ({},)]
    for each in asked:
        _check_sizes(needed, each)
    for each in asked:
        feeds = {port.name: _zeros(port, each) for port in needed}
        try:
            call(feeds)
            if not memory.place.is_host and opened.is_bindable:
                moved = {name: _moved(array, memory) for name, array in feeds.items()}
                for _ in ("the shapes are learned", "the buffers are made"):
                    call(moved)
        except GraphError as error:
            raise GraphError(f"warm-up with zeros: {error.message}", hint=_BY_HAND) from error


def _without_fixed(sizes: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, int]:
    """The sizes of the axes that are still free; an axis that the session was opened with may be named again, at the same size."""
    for name, size in sizes.items():
        if name in fixed and fixed[name] != size:
            raise UsageError(f"axis '{name}' is {fixed[name]} in this session, not {size}", hint="open another Session with sizes of its own")
    return {name: size for name, size in sizes.items() if name not in fixed}


def _check_sizes(ports: Sequence[Port], sizes: Mapping[str, int]) -> None:
    dims = [dim for port in ports for dim in port.dims if isinstance(dim, str)]
    known = axis_names(dims)
    for name, size in sizes.items():
        if name not in known and name not in dims:
            raise UnknownName("axis", str(name), known)
        check_positive(f"the size of axis '{name}'", size, "it is how often the axis repeats in the calls to come")
    if missing := [name for name in axis_names(dim for dim in dims if length_of(dim, sizes) is None) if name not in sizes]:
        example = ", ".join(f"'{name}': 8" for name in known)
        names = ", ".join(f"'{name}'" for name in missing)
        raise UsageError(f"warm-up lacks the size of axis {names}", hint=f"session.warmup({{{example}}})")


def _zeros(port: Port, sizes: Mapping[str, int]) -> np.ndarray[Any, Any]:
    if port.dtype is None or not port.is_shaped or None in port.dims:
        raise UsageError(f"warm-up cannot make input {port}: its shape is not fully named", hint=_BY_HAND)
    shape = [dim if isinstance(dim, int) else length_of(dim, sizes) for dim in port.dims if dim is not None]
    return np.full(shape, "", object) if port.is_string else np.zeros(shape, port.dtype)


def _moved(array: np.ndarray[Any, Any], memory: Memory) -> Block:
    """The same array on the device."""
    buffer = memory.allocate(array.nbytes)
    memory.write(buffer, array)
    return Block(buffer.pointer, array.shape, array.dtype, memory.place, buffer)
