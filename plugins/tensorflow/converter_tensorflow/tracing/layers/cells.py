"""The weights and activations of Keras's recurrent cells, in the order of ONNX's LSTM, GRU and RNN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from converter_tensorflow.tracing.operands import array_of
from converter_tensorflow.tracing.rules import Inexpressible

_GATES: dict[type, tuple[str, list[int]]] = {
    keras.layers.LSTMCell: ("LSTM", [0, 3, 1, 2]),  # Keras: input, forget, cell, output; ONNX: input, output, forget, cell
    keras.layers.GRUCell: ("GRU", [0, 1, 2]),
    keras.layers.SimpleRNNCell: ("RNN", [0]),
}
_ACTIVATIONS: dict[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "relu": ("Relu", None, None),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "elu": ("Elu", 1.0, None),
    "leaky_relu": ("LeakyRelu", 0.2, None),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "linear": ("Affine", 1.0, 0.0),
}
"""ONNX's names, and their alpha and beta with Keras's defaults."""


@dataclass(frozen=True)
class Cell:
    """A cell's operator, its weights float32: inputs [gates * units, width], states [gates * units, units], biases [2 * gates * units]."""

    operator: str
    units: int
    inputs: np.ndarray
    states: np.ndarray
    biases: np.ndarray
    activations: tuple[str, ...]
    resets_after: bool

    @staticmethod
    def of(cell: Any) -> Cell:
        """Return Keras's cell; raises Inexpressible for other classes and for activations that ONNX's operators do not have."""
        if type(cell) not in _GATES:
            raise Inexpressible(f"the cell {type(cell).__name__}")
        operator, order = _GATES[type(cell)]
        units = int(cell.units)

        def ordered(weights: np.ndarray) -> np.ndarray:
            return np.concatenate([weights[..., gate * units : (gate + 1) * units] for gate in order], axis=-1)

        kernel, recurrent = (ordered(array_of(each, "float32")) for each in (cell.kernel, cell.recurrent_kernel))
        return Cell(
            operator,
            units,
            kernel.T,
            recurrent.T,
            _biases(cell, ordered, len(order) * units),
            _activations(cell, operator),
            getattr(cell, "reset_after", False),
        )


def _biases(cell: Any, ordered: Any, width: int) -> np.ndarray:
    if cell.bias is None:
        return np.zeros(2 * width, np.float32)
    given = array_of(cell.bias, "float32")
    own = [ordered(each) for each in np.atleast_2d(given)]
    return np.concatenate([*own, np.zeros((2 - len(own)) * width, np.float32)]).astype(np.float32)


def _activations(cell: Any, operator: str) -> tuple[str, ...]:
    inner = _named(cell.activation)
    if operator == "RNN":
        return (inner,)
    gates = _named(cell.recurrent_activation)
    return (gates, inner, inner) if operator == "LSTM" else (gates, inner)


def _named(activation: Any) -> str:
    name = getattr(activation, "__name__", "")
    if name not in _ACTIVATIONS or activation is not getattr(keras.activations, name):
        raise Inexpressible(f"the activation {name or activation}")
    return name


def attributes_of(cells: Sequence[Cell]) -> dict[str, Any]:
    """Return the attributes of the operator that has a cell for each direction."""
    found = [_ACTIVATIONS[name] for each in cells for name in each.activations]
    attributes: dict[str, Any] = {"hidden_size": cells[0].units, "activations": [name for name, _, _ in found]}
    for key, values in (("activation_alpha", [alpha for _, alpha, _ in found]), ("activation_beta", [beta for _, _, beta in found])):
        if any(value is not None for value in values):
            attributes[key] = [value for value in values if value is not None]
    if cells[0].operator == "GRU":
        attributes["linear_before_reset"] = int(cells[0].resets_after)
    return attributes
