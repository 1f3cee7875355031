"""What tells the recurrent cells apart: ONNX's operator, the order of its gates, its states and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell."""

    operator: str  # ONNX's name
    gates: tuple[int, ...]  # the place of each of ONNX's gates among torch's
    states: int  # 2: hidden and cell, 1: hidden alone
    attributes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    activation: str = ""  # where it is not the operator's default

    def reorder(self, weight: torch.Tensor) -> torch.Tensor:
        """Return a weight [gates * hidden, …] with torch's gates in ONNX's order."""
        gates = weight.chunk(len(self.gates), 0)
        return torch.cat([gates[place] for place in self.gates], 0)


LSTM = Cell("LSTM", (0, 3, 1, 2), states=2)  # torch: input, forget, cell, output; ONNX: input, output, forget, cell
GRU = Cell("GRU", (1, 0, 2), states=1, attributes=MappingProxyType({"linear_before_reset": 1}))  # torch: reset, update, new; ONNX: update, reset, new
RNN_TANH = Cell("RNN", (0,), states=1, activation="Tanh")
RNN_RELU = Cell("RNN", (0,), states=1, activation="Relu")

CELLS = MappingProxyType({"lstm": LSTM, "gru": GRU, "rnn_tanh": RNN_TANH, "rnn_relu": RNN_RELU})  # by the name of torch's function


def cell_of(module: nn.RNNBase) -> Cell:
    """Return the cell of a recurrent module."""
    return CELLS[module.mode.lower()]
