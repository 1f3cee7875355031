"""Recurrent cells in the older exporter, which has none: a loop over time in a script calls them."""

from __future__ import annotations

from typing import Any

import torch

_GATES = 3  # of a GRU


def register(opset: int) -> None:
    """Let the older exporter write torch's cells as arithmetic; for the rest of the process."""
    for name, function in (("gru_cell", _gru), ("lstm_cell", _lstm), ("rnn_tanh_cell", _rnn("Tanh")), ("rnn_relu_cell", _rnn("Relu"))):
        torch.onnx.register_custom_op_symbolic(f"aten::{name}", function, opset)  # type: ignore[attr-defined]


def _gru(graph: Any, data: Any, hidden: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    reset, update, new = _split(graph, _linear(graph, data, w_ih, b_ih), _GATES)
    own_reset, own_update, own_new = _split(graph, _linear(graph, hidden, w_hh, b_hh), _GATES)
    reset = graph.op("Sigmoid", graph.op("Add", reset, own_reset))
    update = graph.op("Sigmoid", graph.op("Add", update, own_update))
    new = graph.op("Tanh", graph.op("Add", new, graph.op("Mul", reset, own_new)))
    return graph.op("Add", new, graph.op("Mul", update, graph.op("Sub", hidden, new)))


def _lstm(graph: Any, data: Any, states: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    hidden, cell = states.node().inputs()
    gates = graph.op("Add", _linear(graph, data, w_ih, b_ih), _linear(graph, hidden, w_hh, b_hh))
    entering, forgetting, new, leaving = _split(graph, gates, 4)
    kept = graph.op("Mul", graph.op("Sigmoid", forgetting), cell)
    cell = graph.op("Add", kept, graph.op("Mul", graph.op("Sigmoid", entering), graph.op("Tanh", new)))
    return graph.op("Mul", graph.op("Sigmoid", leaving), graph.op("Tanh", cell)), cell


def _rnn(activation: str) -> Any:
    def cell(graph: Any, data: Any, hidden: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
        return graph.op(activation, graph.op("Add", _linear(graph, data, w_ih, b_ih), _linear(graph, hidden, w_hh, b_hh)))

    return cell


def _linear(graph: Any, data: Any, weight: Any, bias: Any) -> Any:
    product = graph.op("MatMul", data, graph.op("Transpose", weight, perm_i=[1, 0]))
    return product if bias.node().mustBeNone() else graph.op("Add", product, bias)


def _split(graph: Any, value: Any, count: int) -> Any:
    """Return equal parts along the last of two dims, without Split, whose form changed with the opsets."""
    width = graph.op("Div", graph.op("Gather", graph.op("Shape", value), _number(graph, [1])), _number(graph, [count]))
    ends = [graph.op("Mul", width, _number(graph, [place])) for place in range(count + 1)]
    return [graph.op("Slice", value, ends[place], ends[place + 1], _number(graph, [1])) for place in range(count)]


def _number(graph: Any, value: list[int]) -> Any:
    return graph.op("Constant", value_t=torch.tensor(value))
