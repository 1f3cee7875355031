"""Two directions in one operator."""

from __future__ import annotations

from typing import Any

import keras

from converter_tensorflow.tracing.functions.shaping import reshape
from converter_tensorflow.tracing.layers.cells import Cell
from converter_tensorflow.tracing.layers.recurrent import run_operator
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.rules import Inexpressible, layer
from converter_tensorflow.tracing.traced import Traced


@layer(keras.layers.Bidirectional)
def bidirectional(self: Any, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
    """Layers of one kind, without a mask; others are one after the other."""
    layers = (self.forward_layer, self.backward_layer)
    if mask is not None or training or not all(_is_plain(each) for each in layers) or layers[0].go_backwards:
        raise Inexpressible("a mask, or layers that one operator does not hold")
    cells = [Cell.of(each.cell) for each in layers]
    if (cells[0].operator, cells[0].units, cells[0].resets_after) != (cells[1].operator, cells[1].units, cells[1].resets_after):
        raise Inexpressible("directions that differ")
    given = traced(sequences)
    begin = _begin(initial_state)
    outputs, states = run_operator(cells, given, begin, None, "bidirectional")
    units, dims = cells[0].units, given.shape
    if layers[0].return_sequences:
        every = Traced(outputs.transposed(2, 0, 1, 3), (*dims[:2], 2, units))
        side_by_side = self.merge_mode == "concat"
        found = reshape(every, (*keras.ops.shape(given)[:2], 2 * units)) if side_by_side else _merged(every[:, :, 0], every[:, :, 1], self.merge_mode)
    else:
        found = _merged(states[0][0], states[0][1], self.merge_mode)
    found = keras.tree.map_structure(lambda each: keras.ops.cast(each, self.compute_dtype), found)
    if not layers[0].return_state:
        return found
    last = tuple(keras.ops.cast(each[place], self.compute_dtype) for place in (0, 1) for each in states)
    return (*(found if isinstance(found, tuple) else (found,)), *last)


def _is_plain(inner: Any) -> bool:
    return isinstance(inner, keras.layers.RNN) and type(inner).inner_loop in {
        each.inner_loop for each in (keras.layers.RNN, keras.layers.LSTM, keras.layers.GRU)
    }


def _begin(initial_state: Any) -> list[Any]:
    """States [2, batch, units] of both directions, those of the first one given before those of the second."""
    if initial_state is None:
        return []
    half = len(initial_state) // 2
    pairs = zip(initial_state[:half], initial_state[half:], strict=True)
    return [traced(keras.ops.stack([keras.ops.cast(each, "float32") for each in pair])).value for pair in pairs]


def _merged(forward: Any, backward: Any, mode: str | None) -> Any:
    ops = keras.ops
    if mode == "concat":
        return ops.concatenate([forward, backward], axis=-1)
    if mode is None:
        return forward, backward
    joined = {"sum": lambda: forward + backward, "ave": lambda: (forward + backward) / 2, "mul": lambda: forward * backward}
    return joined[mode]()
