"""Calls of small graphs on buffers that stay bound: copy in, run, copy out.

Below some 16 kB two copies are cheaper than what ONNX Runtime's plain call does with an array and its result: on one MatMul the whole checked call
takes two thirds of `InferenceSession.run`. A slot is a binding with its buffers, for one call at a time; idle slots wait in a list. A call that fails
drops its slot and goes to `again`, which tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from converter.runtime import ort_private as ort
from converter.runtime.arrays.block import Block
from converter.runtime.arrays.library import REFUSALS
from converter.runtime.binding.road import bind_input, block_of
from converter.runtime.device.memory import OrtMemory
from converter.runtime.opening.graph import Opened
from converter.runtime.plain.plans import Feeds, Plan
from converter.runtime.result import Result

SMALL = 16_384  # bytes
_HOST = OrtMemory()
_FAULTS: tuple[type[Exception], ...] = (*REFUSALS, *ort.FAILURES)
_OVERHEAD = 4096  # bytes that a slot costs beside its buffers

Array = np.ndarray[Any, Any]
Take = Callable[[Any], Any] | None
"""How a feed is viewed as an array; None where it is one."""


class Slot(NamedTuple):
    """A binding with its own memory."""

    binding: Any
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that it holds."""
        return _OVERHEAD + sum(array.nbytes for array in (*self.inputs, *self.outputs))


def open_slot(opened: Opened, arrays: Mapping[str, Array]) -> Slot:
    """Copy the arrays into buffers of a slot and run it once: the outputs stay bound to what ONNX Runtime allocates for them.

    Raises the classes of `ort.FAILURES`.
    """
    binding = ort.Binding(opened.raw)
    inputs = tuple(np.array(array, opened.inputs[name].dtype, order="C") for name, array in arrays.items())
    for name, buffer in zip(arrays, inputs, strict=True):
        bind_input(binding, opened.inputs[name], Block.of_array(buffer), _HOST)
    for port in opened.outputs:
        binding.bind_output(port.name, _HOST.device)
    opened.raw.run_with_iobinding(binding, ort.OPTIONS)
    values = zip(opened.outputs, ort.outputs(binding), strict=True)
    return Slot(binding, inputs, tuple(block_of(value, port, _HOST, binding).numpy() for port, value in values))


def staged(opened: Opened, takes: Sequence[Take], give: Take, result: type[Result], grow: Callable[[int], None], again: Plan) -> Plan:
    """A plan that runs in slots.

    Args:
        opened: the graph.
        takes: how each feed is viewed as an array.
        give: how an output becomes the caller's array; None where it is one.
        result: the class of results.
        grow: told the bytes of every new slot.
        again: runs feeds on which the plan failed.
    """
    run, options, idle = opened.raw.run_with_iobinding, ort.OPTIONS, list[Slot]()

    def first(feeds: Feeds) -> Result:
        try:
            arrays = [value if take is None else take(value) for take, value in zip(takes, feeds.values(), strict=True)]
            slot = open_slot(opened, dict(zip(feeds, arrays, strict=True)))
        except _FAULTS:
            return again(feeds)
        values = [output.copy() for output in slot.outputs]
        idle.append(slot)
        grow(slot.nbytes)
        return result(values if give is None else map(give, values))

    def many(feeds: Feeds) -> Result:
        try:
            slot = idle.pop()
        except IndexError:
            return first(feeds)
        try:
            for buffer, take, value in zip(slot.inputs, takes, feeds.values()):  # noqa: B905 - `strict` costs on every call
                buffer[()] = value if take is None else take(value)
            run(slot.binding, options)
        except _FAULTS:
            return again(feeds)
        values = [output.copy() for output in slot.outputs]
        idle.append(slot)
        return result(values if give is None else map(give, values))

    def one(feeds: Feeds) -> Result:
        """The same for the commonest graph, one input and one output: without its loops a tenth of the call is saved."""
        try:
            slot = idle.pop()
        except IndexError:
            return first(feeds)
        binding, (buffer,), (output,) = slot
        try:
            for value in feeds.values():
                buffer[()] = value if take is None else take(value)
            run(binding, options)
        except _FAULTS:
            return again(feeds)
        made = output.copy()
        idle.append(slot)
        return result((made if give is None else give(made),))

    take = takes[0] if takes else None
    return one if len(takes) == len(opened.outputs) == 1 else many
