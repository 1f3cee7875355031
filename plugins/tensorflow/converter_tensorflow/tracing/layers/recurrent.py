"""Recurrent layers as ONNX's LSTM, GRU and RNN, with any mask; what these cannot say is a loop over Keras's own step.

A mask may leave out any steps, and ONNX's operators know lengths alone: the valid steps are moved to the front, in their order, and what the operator
says of them is moved back; a step that is left out repeats the output before it, or is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.shaping import expand_dims, reverse, squeeze
from converter_tensorflow.tracing.layers.cells import Cell, attributes_of
from converter_tensorflow.tracing.operands import constant, traced
from converter_tensorflow.tracing.rules import Inexpressible, function, layer
from converter_tensorflow.tracing.sizes import counted, ints, joined, length
from converter_tensorflow.tracing.traced import Traced


@function("rnn.lstm", "rnn.gru", "rnn.bidirectional_lstm", "rnn.bidirectional_gru")
def kernels_of_gpus(**arguments: Any) -> Any:
    """What Keras asks for and does not get on CPUs either: it goes on with its loop."""
    raise NotImplementedError(", ".join(arguments))


@layer(keras.layers.RNN, method="_maybe_config_dropout_masks")
def dropout_masks(self: Any, cell: Any, input_sequence: Any, input_state: Any) -> None:
    """Drawn before every loop, and read in training alone."""


@layer(keras.layers.RNN, keras.layers.LSTM, keras.layers.GRU, method="inner_loop")
def inner_loop(self: Any, sequences: Any, initial_state: Any, mask: Any = None, training: Any = None) -> tuple[Any, Any, Any]:
    """The last output, all outputs, and the last states; stacked cells are one behind the other."""
    if training or self.stateful:
        raise Inexpressible("training, or states that live between calls")
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    stacked = type(self.cell) is keras.layers.StackedRNNCells
    cells = self.cell.cells if stacked else [self.cell]
    states = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
    given = [list(each) if isinstance(each, list | tuple) else [each] for each in states] if stacked else [states]
    written = [Cell.of(each) for each in cells]  # all of them before a node is written
    steps = _Steps.of(traced(sequences), mask, backwards=self.go_backwards, zeros=self.zero_output_for_mask)
    kept = []
    for cell, before in zip(written, given, strict=True):
        run = steps.run(cell, before)
        steps, last = steps.followed_by(run.outputs), run.last
        kept.append(run.states)
    outputs = steps.sequences if self.return_sequences else expand_dims(last, 1)
    if not stacked:
        return last, outputs, kept[0]
    return last, outputs, [after if isinstance(was, list | tuple) else after[0] for was, after in zip(states, kept, strict=True)]


@dataclass(frozen=True)
class _Run:
    """The outputs of all steps [batch, time, units], the last one, and the states after it, [batch, units]."""

    outputs: Traced
    last: Traced
    states: list[Traced]


@dataclass(frozen=True)
class _Steps:
    """Sequences [batch, time, width] in the order in which they are read, or in reverse, where the operator turns them."""

    sequences: Traced
    mask: Value | None  # int64 [batch, time], in the order of reading
    in_reverse: bool
    zeros: bool

    @staticmethod
    def of(sequences: Traced, mask: Any, *, backwards: bool, zeros: bool) -> _Steps:
        """With a mask they are turned here, since the operator would turn the valid ones alone."""
        if mask is None:
            return _Steps(sequences, None, backwards, zeros)
        valid = traced(mask, "bool")
        valid = squeeze(valid, 2) if valid.ndim == 3 else valid
        if backwards:
            sequences, valid = reverse(sequences, 1), reverse(valid, 1)
        return _Steps(sequences, valid.value.cast("int64"), in_reverse=False, zeros=zeros)

    def followed_by(self, outputs: Traced) -> _Steps:
        """The next cell reads the outputs of this one, which are in the order of reading."""
        return _Steps(outputs, self.mask, in_reverse=False, zeros=self.zeros)

    def run(self, cell: Cell, states: Sequence[Any]) -> _Run:
        """Write a cell over the steps."""
        begin = [expand_dims(traced(each, "float32"), 0).value for each in states]
        direction = "reverse" if self.in_reverse else "forward"
        if self.mask is None:
            outputs, after = run_operator([cell], self.sequences, begin, None, direction)
            every = _natural(outputs, self.sequences, cell)
            return _Run(reverse(every, 1) if self.in_reverse else every, after[0], after)
        return self._masked(cell, begin, self.mask)

    def _masked(self, cell: Cell, begin: list[Value], mask: Value) -> _Run:
        time = length(mask, 1)
        count = mask.sum(1, keep=False)
        order = _front(mask, time)
        value = self.sequences.value
        moved = Traced(value.node("GatherElements", order.wide(2).node("Expand", value.node("Shape", dtype="int64")), axis=1), self.sequences.shape)
        outputs, after = run_operator([cell], moved, begin, count.node("Max", ints(1)).cast("int32"), "forward")
        empty = (count == 0).wide(1)
        states = [Traced(empty.where(was.node("Squeeze", ints(0)), each.value), each.shape) for was, each in zip(begin, after, strict=True)]
        before = mask.cumsum(1)
        places = (before - 1).node("Max", ints(0)).wide(2)
        compact = _natural(outputs, self.sequences, cell)
        spread = places.node("Expand", joined([length(mask, 0), time, ints(cell.units)]))
        silent = (mask == 0) if self.zeros else (before == 0)
        kept = silent.wide(2).where(constant(np.float32(0)), compact.value.node("GatherElements", spread, axis=1))
        found = Traced(kept, compact.shape)
        return _Run(found, traced(found[:, -1]), states)


def _front(mask: Value, time: Value) -> Value:
    """The places of the valid steps, then those of the others, int64 [batch, time]."""
    keys = (1 - mask) * time + counted(time)
    return keys.top(time, largest=False)[1]


def _natural(outputs: Value, sequences: Traced, cell: Cell) -> Traced:
    """Outputs [time, 1, batch, units] as [batch, time, units]."""
    return Traced(outputs.node("Squeeze", ints(1)).transposed(1, 0, 2), (*sequences.shape[:2], cell.units))


def run_operator(
    cells: Sequence[Cell], sequences: Traced, begin: Sequence[Value], lengths: Value | None, direction: str
) -> tuple[Value, list[Traced]]:
    """Write an operator with a cell for each direction over sequences [batch, time, width], float32.

    `begin` has its states [directions, batch, units], `lengths` int32 [batch]. Returns the outputs [time, directions, batch, units] and the last
    states, [batch, units], [directions, batch, units] for several.
    """
    first = cells[0]
    x = sequences.cast("float32").value.transposed(1, 0, 2)
    weights = [np.stack([getattr(each, part) for each in cells]) for part in ("inputs", "states", "biases")]
    names = [x.name, *(x.constant(each).name for each in weights), "" if lengths is None else lengths.name, *(each.name for each in begin)]
    count = 3 if first.operator == "LSTM" else 2
    found = x.document.nodes(first.operator, *names, outputs=count, direction=direction, **attributes_of(cells))
    outputs, *states = (Value(x.document, name, "float32") for name in found)
    batch = sequences.shape[0]
    if len(cells) > 1:
        return outputs, [Traced(each, (len(cells), batch, first.units)) for each in states]
    return outputs, [Traced(each.node("Squeeze", ints(0)), (batch, first.units)) for each in states]
