"""Stacked recurrent layers as ONNX operators, one for each layer, whatever its directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from converter_torch.recurrent.cells import Cell
    from converter_torch.recurrent.weights import LayerWeights

OPERATOR_VERSION = 14  # of LSTM, GRU and RNN; the newer ones only add bfloat16


def run_layers(
    cell: Cell, layers: Sequence[LayerWeights], sequence: torch.Tensor, states: Sequence[torch.Tensor], lengths: torch.Tensor | None = None
) -> tuple[torch.Tensor, ...]:
    """Return the output [steps, batch, directions * hidden] and the last states [layers * directions, batch, hidden].

    `sequence` is [steps, batch, features]; `states` are the first ones, none for zeros; `lengths` int32 [batch] where they differ.
    """
    dtype = sequence.dtype
    sequence = sequence.to(layers[0].inputs.dtype)
    last: list[tuple[torch.Tensor, ...]] = []
    for number, layer in enumerate(layers):
        rows = slice(number * layer.directions, (number + 1) * layer.directions)
        sequence, *ends = _run_layer(cell, layer, sequence, [state[rows].to(sequence.dtype) for state in states], lengths)
        last.append(tuple(ends))
    return (sequence.to(dtype), *(torch.cat(parts, 0).to(dtype) for parts in zip(*last, strict=True)))


def _run_layer(
    cell: Cell, layer: LayerWeights, sequence: torch.Tensor, states: Sequence[torch.Tensor], lengths: torch.Tensor | None
) -> tuple[torch.Tensor, ...]:
    steps, batch, _ = sequence.shape
    directions, hidden = layer.directions, layer.hidden
    states = [_unprojected(layer, states[0]), *states[1:]] if states else []
    output, *ends = torch.onnx.ops.symbolic_multi_out(
        cell.operator,
        _without_trailing_none([sequence, layer.inputs, layer.recurrent, layer.biases, lengths, *states]),
        _attributes(cell, layer),
        dtypes=[sequence.dtype] * (1 + cell.states),
        shapes=[(steps, directions, batch, hidden), *[(directions, batch, hidden)] * cell.states],
        version=OPERATOR_VERSION,
    )
    if layer.projection is not None:
        output, ends[0] = _projected(layer.projection, output), ends[0] @ layer.projection.transpose(1, 2)
    return (output.permute(0, 2, 1, 3).reshape(steps, batch, directions * output.shape[3]), *ends)


def _projected(projection: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """Return an output [steps, directions, batch, hidden] projected, one matrix for each direction."""
    steps, directions, batch, hidden = output.shape
    rows = output.permute(1, 0, 2, 3).reshape(directions, steps * batch, hidden)
    return (rows @ projection.transpose(1, 2)).reshape(directions, steps, batch, projection.shape[1]).permute(1, 0, 2, 3)


def _unprojected(layer: LayerWeights, hidden: torch.Tensor) -> torch.Tensor:
    return hidden if layer.unprojection is None else hidden @ layer.unprojection.transpose(1, 2)


def _attributes(cell: Cell, layer: LayerWeights) -> dict[str, Any]:
    attributes: dict[str, Any] = {"hidden_size": int(layer.hidden), "direction": "bidirectional" if layer.directions == 2 else "forward"}
    if cell.activation:
        attributes["activations"] = [cell.activation] * layer.directions
    return {**attributes, **cell.attributes}


def _without_trailing_none(values: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
    while values[-1] is None:
        values.pop()
    return values
