"""One input as the caller gave it: looked at where it lies, checked, and brought to the device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from converter.runtime.arrays.block import Block
from converter.runtime.arrays.libraries import library_of, lies_on, read_block, read_host
from converter.runtime.arrays.library import NUMPY, Library
from converter.runtime.arrays.places import LEGACY, Place
from converter.runtime.device.memory import Memory
from converter.runtime.device.pool import Pool
from converter.runtime.inputs.checks import check_axes, check_feed
from converter.runtime.inputs.literals import literal
from converter.runtime.opening.ports import Port


class Given(NamedTuple):
    """An input's value, the library it belongs to, and what was seen of it: an array in main memory, or a block on the device."""

    port: Port
    library: Library
    value: Any
    seen: np.ndarray[Any, Any] | Block


def look(port: Port, value: Any, device: Place, stream: int = LEGACY) -> Given:
    """Look at a value without copying it, unless it lies on the device in pieces; the CUDA stream waits for what is queued for it.

    Raises:
        InputError: it is no array, lies on another device, or its library refuses.
    """
    library = library_of(value)
    if library is None:
        library, value = NUMPY, literal(port, value)
    if lies_on(port.name, library, value, device).is_host:
        return Given(port, library, value, read_host(port.name, library, value))
    return Given(port, library, value, read_block(port.name, library, value, device, stream))


def check_given(inputs: Mapping[str, Port], given: Iterable[Given], *, may_cast: bool = True) -> None:
    """See that dtypes, dims and axes are those that the graph declares; what lies on a device is never cast.

    Raises:
        InputError: one is not.
    """
    shapes = {}
    for one in given:
        check_feed(one.port, one.seen.dtype, one.seen.shape, may_cast=may_cast and not isinstance(one.seen, Block))
        shapes[one.port.name] = one.seen.shape
    check_axes(inputs, shapes)


def to_device(given: Given, memory: Memory, pool: Pool) -> Block:
    """Describe an input on the device: where it lies, or in a buffer that it was copied into once."""
    if isinstance(given.seen, Block):
        return given.seen
    array = np.require(given.seen, given.port.dtype, ("C", "A"))
    if memory.place.is_host:
        return Block.of_array(array)
    lease = pool.take(array.nbytes)
    memory.write(lease.buffer, array)
    return Block(lease.buffer.pointer, array.shape, array.dtype, memory.place, lease)


def copied(given: Given, memory: Memory, pool: Pool, stream: int) -> Block:
    """Describe a copy of an input on the device; the CUDA stream waits for it."""
    if isinstance(given.seen, Block):
        return read_block(given.port.name, given.library, given.library.copy(given.value), memory.place, stream)
    if memory.place.is_host:
        return Block.of_array(np.array(given.seen, given.port.dtype, order="C"))
    return to_device(given, memory, pool)
