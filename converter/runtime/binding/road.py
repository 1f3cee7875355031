"""The road of device memory: inputs bound where they lie, outputs bound to buffers of the shapes that were seen before."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from converter.runtime import ort_private as ort
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import NUMPY, Library
from converter.runtime.arrays.places import NOWHERE
from converter.runtime.binding.given import Given, check_given, copied, look, to_device
from converter.runtime.device.memory import Memory, OrtMemory
from converter.runtime.device.pool import Pool
from converter.runtime.inputs.checks import check_names
from converter.runtime.opening.graph import Opened
from converter.runtime.opening.ports import Port
from converter.runtime.result import Result, result_type

_MOST_SIGNATURES = 4096  # remembered; with one more all are forgotten, which costs each one run that allocates
_MAIN = OrtMemory()

Shapes = tuple[tuple[int, ...], ...]


class _Run(NamedTuple):
    """How one call runs: for whose arrays, in the order of which stream, told what, and where its outputs shall lie."""

    library: Library
    home: int | None
    options: Any
    goal: Memory


class BindingRoad:
    """Calls a graph through IOBinding: the road of arrays that stay on a device, and of bfloat16 and float8 everywhere.

    Declared output dims lie, so shapes are learned: the first call of an input signature lets ONNX Runtime allocate, later calls bind memory of the
    callers' library where their stream is known, and pooled buffers elsewhere. ONNX Runtime refuses memory of a wrong shape; the output then depends on
    the data, and stays ONNX Runtime's to allocate. NumPy callers of a CUDA session take their outputs in main memory, where ONNX Runtime copies them.
    """

    def __init__(self, opened: Opened, pool_bytes: int) -> None:
        self.pool = Pool(opened.order, pool_bytes)
        self.known: dict[Any, Any] = {}  # no plans: what lies on a device is looked at in every call
        self._opened, self._order, self._memory = opened, opened.order, opened.order.memory
        self._result = result_type(port.name for port in opened.outputs)
        self._made = [port for port in opened.outputs if port.name not in opened.inputs]
        self._learned: dict[Any, Shapes] = {}
        self._varying: set[str] = set()  # outputs whose shapes depend on the data

    def call(self, feeds: Mapping[str, Any]) -> Result:
        """Run once.

        Raises:
            InputError: the graph cannot take the feeds.
            GraphError: the graph failed.
        """
        check_names(self._opened.inputs, feeds)
        with self._order.turn:
            given = {name: look(self._opened.inputs[name], value, self._memory.place, self._order.address) for name, value in feeds.items()}
            signature = tuple([(name, one.seen.dtype, one.seen.shape) for name, one in given.items()])
            if signature not in self._learned:
                check_given(self._opened.inputs, given.values())
            library = next((one.library for one in given.values() if one.library is not NUMPY), NUMPY)
            home = self._order.home_of(given.values())
            self.pool.collect()
            with self._order.place(home) as options:
                run = _Run(library, home, options, _MAIN if library is NUMPY else self._memory)
                outputs = self._outputs(signature, given, run) if self._made else {}
                # ONNX Runtime hands an input that is also an output through, without a copy and without writing the buffer bound for it.
                outputs |= {port.name: self._copied(given[port.name], run) for port in self._opened.outputs if port.name in given}
            return self._result([library.from_block(outputs[port.name]) for port in self._opened.outputs])

    def _copied(self, given: Given, run: _Run) -> Block:
        block = copied(given, run.goal, self.pool, self._order.address)
        block.stream = self._order.stream
        return block

    def _outputs(self, signature: Any, given: Mapping[str, Given], run: _Run) -> dict[str, Block]:
        """The outputs that the graph makes, into pooled buffers where their shapes are known."""
        blocks = {name: to_device(one, self._memory, self.pool) for name, one in given.items()}
        known = self._known(signature) if run.goal.place == self._memory.place else {}
        try:
            try:
                outputs = self._execute(blocks, known, run)
            except ort.FAILURES:
                if not known:
                    raise
                outputs = self._execute(blocks, {}, run)  # raises here if the graph itself fails
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error
        self._varying |= {name for name, shape in known.items() if outputs[name].shape != shape}
        if len(self._learned) >= _MOST_SIGNATURES:
            self._learned.clear()
        self._learned[signature] = tuple([outputs[port.name].shape for port in self._made])
        return outputs

    def _known(self, signature: Any) -> dict[str, tuple[int, ...]]:
        shapes = self._learned.get(signature, ())
        return {port.name: shape for port, shape in zip(self._made, shapes, strict=False) if port.name not in self._varying}

    def _execute(self, blocks: Mapping[str, Block], known: Mapping[str, tuple[int, ...]], run: _Run) -> dict[str, Block]:
        """Bind, run, and describe where the outputs came to lie."""
        binding = ort.Binding(self._opened.raw)
        for name, block in blocks.items():
            bind_input(binding, self._opened.inputs[name], block, self._memory)
        buffers = [self._bind_output(binding, port, known.get(port.name), run) for port in self._made]
        self._order.run(binding, run.options, {name: block.shape for name, block in blocks.items()})
        values = ort.outputs(binding) if None in buffers else buffers
        found = zip(self._made, buffers, values, strict=True)
        return {port.name: buffer or self._allocated(value, port, binding, run) for port, buffer, value in found}

    def _bind_output(self, binding: Any, port: Port, shape: tuple[int, ...] | None, run: _Run) -> Block | None:
        if shape is None:
            binding.bind_output(port.name, run.goal.device)
            return None
        dtype: Any = port.dtype
        block = run.library.empty(shape, dtype, run.goal.place) if run.home is not None else None
        if block is None:
            lease = self.pool.take(prod(shape) * dtype.itemsize, run.home)
            block = Block(lease.buffer.pointer, shape, dtype, run.goal.place, lease, stream=self._order.stream)
        bind_output(binding, port, block, run.goal)
        return block

    def _allocated(self, value: Any, port: Port, binding: Any, run: _Run) -> Block:
        if run.goal is _MAIN:
            return block_of(value, port, _MAIN, (binding, self._opened.raw))
        block = block_of(value, port, self._memory, (binding, self._opened.raw, self._order.hold(value)))
        block.stream = self._order.stream
        return block


def bind_input(binding: Any, port: Port, block: Block, memory: Memory) -> None:
    """Bind an input where it lies; the caller keeps the block alive while the binding runs."""
    binding.bind_input(port.name, memory.device, port.element, block.shape, block.pointer)


def bind_output(binding: Any, port: Port, block: Block, memory: Memory) -> None:
    """Bind an output to memory of its shape; the caller keeps the block alive while the binding runs."""
    binding.bind_output(port.name, memory.device, port.element, block.shape, block.pointer or NOWHERE)


def block_of(value: Any, port: Port, memory: Memory, owner: object) -> Block:
    """Describe an output that ONNX Runtime allocated; the owner keeps the allocator alive with it."""
    dtype: Any = port.dtype
    return Block(value.data_ptr(), tuple(value.shape()), dtype, memory.place, (value, owner))
