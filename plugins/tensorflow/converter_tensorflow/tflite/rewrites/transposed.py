"""A transposed convolution's bias and activation, which tf2onnx forgets, as an addition behind it."""

from __future__ import annotations

from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

from converter_tensorflow.tflite.files import kind_of
from converter_tensorflow.tflite.rewrites.editing import added_operator, added_tensor


def add_biases(model: Any, graph: Any) -> None:
    """Take the bias out of every float transposed convolution of a subgraph; an integer one has its own scale for it."""
    operators = []
    for operator in graph.operators:
        operators.append(operator)
        if kind_of(model, operator) != "TRANSPOSE_CONV" or len(operator.inputs) < 4 or operator.inputs[3] < 0:
            continue
        (given,), bias = operator.outputs, operator.inputs[3]
        options = schema.AddOptionsT()
        options.fusedActivationFunction = operator.builtinOptions.fusedActivationFunction
        operator.builtinOptions.fusedActivationFunction = int(schema.ActivationFunctionType.NONE)
        operator.inputs = operator.inputs[:3]
        operator.outputs = [added_tensor(graph, given, f"unbiased_{len(graph.tensors)}")]
        graph.tensors[operator.outputs[0]].type = int(schema.TensorType.FLOAT32)
        operators.append(added_operator(model, "ADD", [operator.outputs[0], bias], [given], options))
    graph.operators = operators
