"""A graph bound to fixed buffers, for the hot loop."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from converter.errors import GraphError, InputError
from converter.runtime import ort_private as ort
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import NUMPY
from converter.runtime.binding.buffers import Sink, blocks_of, check_array, check_source, sinks
from converter.runtime.binding.given import check_given, look
from converter.runtime.binding.road import bind_input, bind_output, block_of
from converter.runtime.inputs.checks import check_names
from converter.runtime.opening.graph import Opened
from converter.runtime.opening.ports import Port
from converter.runtime.result import Result, result_type

_GRAPH_IDS = itertools.count(1)  # of captured CUDA graphs; ONNX Runtime keeps 0 for itself


class Bound:
    """The same buffers on every run: write new values into the inputs, call `run`, read `outputs`.

    A run overwrites the outputs of the one before; copy what must stay. Only where the shape of an output depends on the data, new memory
    replaces the old. A Bound belongs to one thread at a time; several of one session may run side by side.

    On CUDA a run takes its place in the stream that is current for the inputs' library: what was queued there before comes first, what is queued there
    afterwards waits. In a session with `cuda_graph` the run is captured when the Bound is made, and replayed by the thread that made it.
    """

    outputs: Result
    """The outputs of the last run: the buffers that were given for them, the others in the library of the inputs."""

    def __init__(self, opened: Opened, feeds: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Check the buffers, bind them, and run.

        Args:
            opened: the graph.
            feeds: the input buffers by name.
            outputs: buffers for outputs by name; ONNX Runtime allocates the others.

        Raises:
            InputError: a buffer is none that the graph takes or gives, or cannot be used where it lies.
            GraphError: the graph failed, or cannot be captured.
        """
        if not opened.is_bindable:
            raise InputError(f"{opened.title} takes or gives strings or sequences, which cannot be bound", hint="call the session instead")
        check_names(opened.inputs, feeds)
        self._opened, self._order, self._memory = opened, opened.order, opened.order.memory
        place = self._memory.place
        with self._order.turn:
            self._given = [look(opened.inputs[name], check_array(name, value), place, self._order.address) for name, value in feeds.items()]
            for one in self._given:
                check_source(one, place)
        check_given(opened.inputs, self._given, may_cast=False)
        self._library = next((one.library for one in self._given if one.library is not NUMPY), NUMPY)
        self._ports = {port.name: port for port in opened.outputs}
        self._result = result_type(self._ports)
        self._is_host = place.is_host
        self._varying: set[str] = set()  # outputs whose shapes depend on the data
        self._made: dict[str, Block] = {}  # the outputs of the last run, as they lie
        self._sinks: dict[str, Sink] = {}  # the outputs that have buffers of their own
        self._captured: Any = None  # the RunOptions that replay the run
        self._binding = ort.Binding(opened.raw)
        inputs = blocks_of(self._given)
        self._shapes = {name: block.shape for name, block in inputs.items()}
        for name, block in inputs.items():
            bind_input(self._binding, opened.inputs[name], block, self._memory)
        self._rebind(self._ports)
        self.run()
        self._sinks = sinks(outputs, self._made, inputs, place)
        if opened.options.cuda_graph:
            self._sinks |= {name: self._own(block) for name, block in self._made.items() if name not in self._sinks and name not in inputs}
            self._captured = ort.run_options({"gpu_graph_id": str(next(_GRAPH_IDS))})
        if self._sinks:
            self._rebind(self._ports)
            self.run()

    def run(self) -> Result:
        """Run on what the input buffers hold now, and return `outputs`.

        Raises:
            GraphError: the graph failed.
        """
        if self._is_host:
            self._execute(ort.OPTIONS)
        else:
            self._run_in_order()
        return self.outputs

    def _run_in_order(self) -> None:
        """Run in the order of the stream on which the inputs' library goes on now."""
        with self._order.turn:
            home = self._order.home_of(self._given)
            for one in self._given if home is None else ():
                one.library.block(one.value, self._memory.place, self._order.address)  # for what their libraries have queued
            with self._order.place(home) as options:
                self._execute(options if self._captured is None else self._captured)

    def _execute(self, options: Any) -> None:
        if self._varying:
            self._rebind(self._varying)
        try:
            self._order.run(self._binding, options, self._shapes)
        except ort.FAILURES as error:
            if self._captured is not None:
                raise self._not_captured(error) from error
            self._run_anew(options)
        if self._is_rebound:
            self._read()

    def _run_anew(self, options: Any) -> None:
        """Run after a refusal with new memory for the outputs: the shape of one may have changed."""
        self._rebind(self._ports)
        try:
            self._order.run(self._binding, options, self._shapes)
        except ort.FAILURES as error:
            raise self._opened.failure(error) from error

    def _rebind(self, names: Collection[str]) -> None:
        for name in names:
            if name in self._sinks:
                bind_output(self._binding, self._ports[name], self._sinks[name].block, self._memory)
            else:
                self._binding.bind_output(name, self._memory.device)
        self._is_rebound = True

    def _read(self) -> None:
        """See where the outputs lie since they were bound."""
        values = zip(self._ports.values(), ort.outputs(self._binding), strict=True)
        made = {port.name: self._sinks[port.name] if port.name in self._sinks else self._allocated(value, port) for port, value in values}
        self._varying |= {name for name, block in self._made.items() if made[name].block.shape != block.shape}
        self.outputs = self._result([sink.array for sink in made.values()])
        self._made, self._is_rebound = {name: sink.block for name, sink in made.items()}, False

    def _allocated(self, value: Any, port: Port) -> Sink:
        block = block_of(value, port, self._memory, (self._binding, self._opened.raw, self._order.hold(value)))
        block.stream = self._order.stream
        return Sink(self._library.from_block(block), block)

    def _own(self, like: Block) -> Sink:
        """A buffer at an address that does not change; a captured run writes where it wrote when it was captured."""
        buffer = self._memory.allocate(like.nbytes)
        block = Block(buffer.pointer, like.shape, like.dtype, like.place, self._order.hold(buffer), stream=self._order.stream)
        return Sink(self._library.from_block(block), block)

    def _not_captured(self, error: Exception) -> GraphError:
        return GraphError(
            f"{self._opened.title} cannot run as a CUDA graph: {ort.reason(error)}",
            hint="a captured run has fixed shapes and does not wait for values; open the session without cuda_graph",
        )
