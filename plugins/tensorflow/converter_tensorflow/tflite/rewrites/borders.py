"""Outputs that are an input, a constant, or another output: a graph wants one name for each."""

from __future__ import annotations

from typing import Any

from converter_tensorflow.tflite.rewrites.editing import added_operator, added_tensor

COPIED = "Copied"


def separate_outputs(model: Any, graph: Any) -> None:
    """Give every output of a subgraph a tensor of its own that an operator makes and no other output names."""
    made = {tensor for operator in graph.operators for tensor in operator.outputs}
    outputs: list[int] = []
    for tensor in graph.outputs:
        if tensor in made and tensor not in outputs:
            outputs.append(tensor)
            continue
        copied = added_tensor(graph, tensor, f"copied_{len(graph.tensors)}")
        graph.operators.append(added_operator(model, COPIED, [tensor], [copied]))
        outputs.append(copied)
    graph.outputs = outputs
