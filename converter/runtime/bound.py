"""A graph bound to fixed buffers, for the hot loop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime import ort_private as ort
from converter.runtime.arrays import NUMPY, library_of
from converter.runtime.binding import bind_input, block_of
from converter.runtime.block import Block
from converter.runtime.checks import check_names
from converter.runtime.given import Given, check_given, look
from converter.runtime.memory import Memory
from converter.runtime.opening import Opened
from converter.runtime.result import Result, result_type


class Bound:
    """The same buffers on every run: write new values into the inputs, call `run`, read `outputs`.

    A run overwrites the outputs of the one before; copy what must stay. Only where the shape of an output depends on the data, new memory
    replaces the old. A Bound belongs to one thread at a time; several of one session may run side by side.
    """

    outputs: Result
    """The outputs of the last run, in the library of the inputs."""

    def __init__(self, opened: Opened, memory: Memory, feeds: Mapping[str, Any]) -> None:
        """Check the buffers, bind them, and run once.

        Raises:
            InputError: a buffer is none that the graph takes, or cannot be read where it lies.
            GraphError: the graph failed.
        """
        if not opened.is_bindable:
            raise InputError(f"{opened.title} takes or gives strings or sequences, which cannot be bound", hint="call the session instead")
        check_names(opened.inputs, feeds)
        for name, value in feeds.items():
            _check_array(name, value)
        given = [look(opened.inputs[name], value, memory.place) for name, value in feeds.items()]
        for one in given:
            _check_buffer(one, memory)
        check_given(opened.inputs, given, may_cast=False)
        self._opened, self._memory, self._given = opened, memory, given
        self._library = next((one.library for one in given if one.library is not NUMPY), NUMPY)
        self._result = result_type(port.name for port in opened.outputs)
        self._binding = ort.Binding(opened.raw)
        self._names = [port.name for port in opened.outputs]
        self._varying: set[str] = set()  # outputs whose shapes depend on the data
        self._shapes: dict[str, tuple[int, ...]] = {}
        for one in given:
            bind_input(self._binding, one.port, one.seen if isinstance(one.seen, Block) else Block.of_array(one.seen), memory)
        self._rebind(self._names)
        self.run()

    def run(self) -> Result:
        """Run on what the input buffers hold now, and return `outputs`.

        Raises:
            GraphError: the graph failed.
        """
        if not self._memory.place.is_host:
            self._wait()
        if self._varying:
            self._rebind(self._varying)
        try:
            self._memory.run(self._opened.raw, self._binding)
        except ort.FAILURES:
            self._run_anew()
        if self._is_rebound:
            self._read()
        return self.outputs

    def _wait(self) -> None:
        """Let what the inputs' libraries have queued come first."""
        for one in self._given:
            one.library.block(one.value, self._memory.place)
        self._memory.wait(self._binding)

    def _run_anew(self) -> None:
        """Run after a refusal with new memory for every output: the shape of one may have changed."""
        self._rebind(self._names)
        try:
            self._memory.run(self._opened.raw, self._binding)
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error

    def _rebind(self, names: Collection[str]) -> None:
        for name in names:
            self._binding.bind_output(name, self._memory.device)
        self._is_rebound = True

    def _read(self) -> None:
        values = zip(self._opened.outputs, self._binding.get_outputs(), strict=True)
        blocks = [block_of(value, port, self._memory, (self._binding, self._opened.raw)) for port, value in values]
        shapes = {name: block.shape for name, block in zip(self._names, blocks, strict=True)}
        self._varying |= {name for name, shape in self._shapes.items() if shapes[name] != shape}
        self.outputs = self._result(map(self._library.from_block, blocks))
        self._shapes, self._is_rebound = shapes, False


def _check_array(name: str, value: Any) -> None:
    """See that the value is memory, and not something that is turned into an array on the way."""
    if not isinstance(value, np.ndarray) and library_of(value) in {None, NUMPY}:
        raise InputError(f"input '{name}' is no buffer but {type(value).__name__}", hint="bind an array, and write new values into it")


def _check_buffer(given: Given, memory: Memory) -> None:
    """See that what was seen is the caller's own memory, as ONNX Runtime reads it: no copy that later values would not reach."""
    name, seen = given.port.name, given.seen
    if isinstance(seen, Block):
        if seen.pointer == given.library.block(given.value, memory.place).pointer:
            return
    elif not memory.place.is_host:
        raise InputError(
            f"input '{name}' lies in main memory, and the session runs on {memory.place}",
            hint=f"bind an array on {memory.place}, or call the session",
        )
    elif seen.flags.c_contiguous and seen.flags.aligned:
        return
    raise InputError(
        f"input '{name}' is not contiguous and aligned, so it cannot be read where it lies",
        hint="bind np.ascontiguousarray(…), and write new values into that",
    )
