"""An activation that is part of another operator, clipping to [-1, 1], which tf2onnx does not know, as an operator of its own."""

from __future__ import annotations

from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

from converter_tensorflow.tflite.rewrites.editing import added_operator, added_tensor

CLIPPED = "RELU_N1_TO_1"


def take_out_clipping(model: Any, graph: Any) -> None:
    """Put an operator behind each of a subgraph that clips what it gives."""
    operators = []
    for operator in graph.operators:
        operators.append(operator)
        options = operator.builtinOptions
        if getattr(options, "fusedActivationFunction", None) == int(schema.ActivationFunctionType.RELU_N1_TO_1):
            (given,) = operator.outputs
            options.fusedActivationFunction = int(schema.ActivationFunctionType.NONE)
            operator.outputs = [added_tensor(graph, given, f"unclipped_{len(graph.tensors)}")]
            graph.tensors[operator.outputs[0]].type = int(schema.TensorType.FLOAT32)
            operators.append(added_operator(model, CLIPPED, operator.outputs, [given]))
    graph.operators = operators
