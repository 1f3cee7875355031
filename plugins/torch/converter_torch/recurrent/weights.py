"""The weights of recurrent layers as ONNX's operators take them: the directions stacked, the gates in ONNX's order.

A projection (LSTM with proj_size) has no place in ONNX's operator. With h = P·h' the recurrent term R·h equals (R·P)·h': the operator
runs on the unprojected h' with R·P, and its outputs are projected afterwards. A given initial state h is turned into an h' with P·h' = h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from converter_torch.recurrent.cells import cell_of

if TYPE_CHECKING:
    from converter_torch.recurrent.cells import Cell

# ONNX Runtime's kernels know no narrower type; both widen exactly.
_COMPUTED_IN = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@dataclass(frozen=True)
class Form:
    """How the flat list of a recurrent layer's weights is laid out."""

    layers: int
    directions: int  # 1 or 2
    biases: bool
    projected: bool

    @property
    def weights_each(self) -> int:
        """How many weights one direction of one layer has."""
        return 2 + 2 * self.biases + self.projected


@dataclass(frozen=True)
class LayerWeights:
    """One layer. `projection` and its right inverse `unprojection` are None where the layer has none."""

    inputs: torch.Tensor  # [directions, gates * hidden, features]
    recurrent: torch.Tensor  # [directions, gates * hidden, hidden]
    biases: torch.Tensor | None  # [directions, 2 * gates * hidden]
    projection: torch.Tensor | None  # [directions, projected, hidden]
    unprojection: torch.Tensor | None  # [directions, hidden, projected]

    @property
    def directions(self) -> int:
        """1, or 2 for a bidirectional layer."""
        return self.recurrent.shape[0]

    @property
    def hidden(self) -> int:
        """The length of the operator's hidden state."""
        return self.recurrent.shape[2]


class PreparedWeights(nn.Module):
    """The weights of one recurrent module, held as buffers so that an export sees constants and not their preparation."""

    _FIELDS = ("inputs", "recurrent", "biases", "projection", "unprojection")

    def __init__(self, module: nn.RNNBase) -> None:
        super().__init__()
        form = Form(module.num_layers, 1 + module.bidirectional, module.bias, module.proj_size > 0)
        weights = [getattr(module, name) for names in module._all_weights for name in names]
        with torch.no_grad():
            layers = arrange(cell_of(module), form, weights)
        self._layers = len(layers)
        for number, layer in enumerate(layers):
            for name in self._FIELDS:
                self.register_buffer(f"{name}_{number}", getattr(layer, name))

    def layers(self) -> list[LayerWeights]:
        """Return the weights of each layer."""
        return [LayerWeights(*(getattr(self, f"{name}_{number}") for name in self._FIELDS)) for number in range(self._layers)]


def arrange(cell: Cell, form: Form, weights: Sequence[torch.Tensor]) -> list[LayerWeights]:
    """Return the weights of each layer, from the flat list that torch's recurrent functions take."""
    computed = [weight.to(_COMPUTED_IN.get(weight.dtype, weight.dtype)) for weight in weights]
    each = form.weights_each
    parts = [computed[start : start + each] for start in range(0, len(computed), each)]
    return [_layer(cell, form, parts[start : start + form.directions]) for start in range(0, len(parts), form.directions)]


def _layer(cell: Cell, form: Form, directions: Sequence[Sequence[torch.Tensor]]) -> LayerWeights:
    inputs = torch.stack([cell.reorder(weights[0]) for weights in directions])
    recurrent = torch.stack([cell.reorder(weights[1]) for weights in directions])
    biases = torch.stack([torch.cat([cell.reorder(weights[2]), cell.reorder(weights[3])]) for weights in directions]) if form.biases else None
    if not form.projected:
        return LayerWeights(inputs, recurrent, biases, None, None)
    projection = torch.stack([weights[-1] for weights in directions])
    combined = (recurrent.double() @ projection.double()).to(recurrent.dtype)
    unprojection = torch.linalg.pinv(projection.double()).to(recurrent.dtype)
    return LayerWeights(inputs, combined, biases, projection, unprojection)
