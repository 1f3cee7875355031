"""The buffers that a caller binds: inputs that are read, and outputs that are written, where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from converter.errors import InputError
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.libraries import library_of
from converter.runtime.arrays.library import NUMPY, REFUSALS, Library
from converter.runtime.arrays.places import Place
from converter.runtime.binding.given import Given

_IMMUTABLE = ("jax", "jaxlib", "tensorflow")  # libraries whose arrays never change


class Sink(NamedTuple):
    """Memory that an output is written into, and the array that shows it."""

    array: Any
    block: Block


def check_array(name: str, value: Any) -> Any:
    """See that the value of an input is memory, and not something that is turned into an array on the way.

    Raises:
        InputError: it is a list, a number, or the like.
    """
    if not isinstance(value, np.ndarray) and library_of(value) in {None, NUMPY}:
        raise InputError(f"input '{name}' is no buffer but {type(value).__name__}", hint="bind an array, and write new values into it")
    return value


def check_source(given: Given, device: Place) -> None:
    """See that what was seen is the caller's own memory, as ONNX Runtime reads it: no copy that later values would not reach.

    Raises:
        InputError: it lies on another device or in pieces.
    """
    name, seen = given.port.name, given.seen
    if isinstance(seen, Block):
        if seen.pointer == given.library.block(given.value, device).pointer:
            return
    elif not device.is_host:
        raise InputError(
            f"input '{name}' lies in main memory, and the session runs on {device}", hint=f"bind an array on {device}, or call the session"
        )
    elif seen.flags.c_contiguous and seen.flags.aligned:
        return
    raise InputError(
        f"input '{name}' is not contiguous and aligned, so it cannot be read where it lies",
        hint="bind np.ascontiguousarray(…), and write new values into that",
    )


def sinks(outputs: Mapping[str, Any], made: Mapping[str, Block], inputs: Mapping[str, Block], device: Place) -> dict[str, Sink]:
    """Look at the buffers given for outputs, beside the outputs as a first run made them and the inputs.

    Raises:
        InputError: a buffer is of another dtype, shape or device, cannot be written where it lies, or shares memory with another one.
    """
    found: dict[str, Sink] = {}
    for name, value in outputs.items():
        if name not in made:
            raise InputError(f"there is no output '{name}'", hint=f"the graph gives {', '.join(made)}")
        if name in inputs:
            raise InputError(f"output '{name}' is the input of that name, and is never written", hint="leave it out of outputs")
        block = _look(name, value, device)
        _check_like(name, block, made[name])
        _check_apart(name, block, {**inputs, **{other: sink.block for other, sink in found.items()}})
        found[name] = Sink(value, block)
    return found


def _look(name: str, value: Any, device: Place) -> Block:
    library = library_of(value)
    if library is None or (library is NUMPY and not isinstance(value, np.ndarray)):
        raise InputError(f"output '{name}' is no buffer but {type(value).__name__}", hint="give an array to write into")
    if _is_read_only(library, value):
        raise InputError(f"output '{name}' cannot be written: the array is read-only", hint="give an array of your own: np.empty(shape, dtype)")
    try:
        place = library.place(value, device)
        if not device.holds(place):
            raise InputError(f"output '{name}' lies on {place}, and the session runs on {device}", hint=f"give an array on {device}")
        block = library.block(value, device)
    except (*REFUSALS, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"output '{name}': {library.name} does not give its memory: {error}", hint="give a plain contiguous array") from error
    if not block.is_ready:
        raise InputError(f"output '{name}' is not contiguous and aligned, so it cannot be written where it lies", hint="give np.empty(shape, dtype)")
    return block


def _is_read_only(library: Library, value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return not value.flags.writeable
    interface = getattr(value, "__cuda_array_interface__", None)
    return library.name in _IMMUTABLE or (isinstance(interface, Mapping) and bool(interface["data"][1]))


def _check_like(name: str, block: Block, made: Block) -> None:
    if block.dtype != made.dtype:
        raise InputError(f"output '{name}' is {made.dtype}, and its buffer {block.dtype}", hint=f"give np.empty({made.shape}, '{made.dtype}')")
    if block.shape != made.shape:
        raise InputError(
            f"output '{name}' has the shape {list(made.shape)} for these inputs, and its buffer {list(block.shape)}",
            hint=f"give np.empty({made.shape}, '{made.dtype}')",
        )


def _check_apart(name: str, block: Block, others: Mapping[str, Block]) -> None:
    for other, memory in others.items():
        if block.pointer < memory.pointer + memory.nbytes and memory.pointer < block.pointer + block.nbytes:
            raise InputError(f"output '{name}' shares memory with '{other}', which it would overwrite", hint="give each a buffer of its own")


def blocks_of(given: Iterable[Given]) -> dict[str, Block]:
    """The inputs as they lie, by name."""
    return {one.port.name: one.seen if isinstance(one.seen, Block) else Block.of_array(one.seen) for one in given}
