"""Hybrid operators: integer weights, float inputs, which the interpreter rounds to 8 bits of their own range whenever it runs.

The range is one for each item of a batch; XNNPACK takes one for each pixel where a convolution is a plain product of matrices, and both
take one for each row in a fully connected layer. Here the rounding becomes an operator of its own before the layer, of floats still.
"""

from __future__ import annotations

from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

from converter_tensorflow.tflite.files import kind_of
from converter_tensorflow.tflite.rewrites.editing import added_operator, added_tensor, replace_input

PER_ITEM, PER_ROW = "RoundedPerItem", "RoundedPerRow"
_INPUTS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 0, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 2}  # the activations; the weights are input 1
_INTEGERS = frozenset({int(schema.TensorType.INT8), int(schema.TensorType.UINT8)})


def round_hybrid_inputs(model: Any, graph: Any) -> None:
    """Put the rounding before every hybrid operator of a subgraph."""
    operators = []
    for operator in graph.operators:
        if is_hybrid(model, graph, operator):
            kind = kind_of(model, operator)
            position = _INPUTS[kind]
            taken = operator.inputs[position]
            rounded = added_tensor(graph, taken, f"rounded_{len(graph.tensors)}")
            operators.append(added_operator(model, PER_ROW if _is_product(graph, kind, operator) else PER_ITEM, [taken], [rounded]))
            replace_input(operator, position, rounded)
            if kind == "FULLY_CONNECTED":
                operator.builtinOptions.asymmetricQuantizeInputs = False  # tf2onnx would round once more, and the whole tensor together
        operators.append(operator)
    graph.operators = operators


def is_hybrid(model: Any, graph: Any, operator: Any) -> bool:
    """Tell whether an operator of a subgraph has float inputs and integer weights."""
    position = _INPUTS.get(kind_of(model, operator))
    if position is None:
        return False
    activations, weights = graph.tensors[operator.inputs[position]], graph.tensors[operator.inputs[1]]
    return activations.type == int(schema.TensorType.FLOAT32) and weights.type in _INTEGERS


def _is_product(graph: Any, kind: str, operator: Any) -> bool:
    """Tell whether it is a product of matrices: fully connected, or a convolution with a kernel of one pixel that leaves none out."""
    if kind == "FULLY_CONNECTED":
        return True
    options, kernel = operator.builtinOptions, list(graph.tensors[operator.inputs[1]].shape[1:3])
    return kind == "CONV_2D" and kernel == [1, 1] and options.strideH == options.strideW == 1
