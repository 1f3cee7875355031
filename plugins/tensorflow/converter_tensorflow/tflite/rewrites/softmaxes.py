"""A softmax's beta, by which tf2onnx multiplies the probabilities instead of the scores."""

from __future__ import annotations

from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

from converter_tensorflow.tflite.files import kind_of
from converter_tensorflow.tflite.rewrites.editing import added_constant, added_operator, added_tensor, replace_input


def scale_scores(model: Any, graph: Any) -> None:
    """Multiply what goes into every softmax of a subgraph by its beta."""
    operators = []
    for operator in graph.operators:
        beta = operator.builtinOptions.beta if kind_of(model, operator) == "SOFTMAX" else 1.0
        if beta != 1.0:
            scaled = added_tensor(graph, operator.inputs[0], f"scaled_{len(graph.tensors)}")
            graph.tensors[scaled].type = int(schema.TensorType.FLOAT32)
            steepness = added_constant(model, graph, f"beta_{len(graph.tensors)}", beta)
            operators.append(added_operator(model, "MUL", [operator.inputs[0], steepness], [scaled], schema.MulOptionsT()))
            replace_input(operator, 0, scaled)
            operator.builtinOptions.beta = 1.0
        operators.append(operator)
    graph.operators = operators
