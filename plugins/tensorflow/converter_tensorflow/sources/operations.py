"""Which operations of a graph TensorFlow does not know."""

from __future__ import annotations

from typing import Any

from tensorflow.python.framework import op_def_registry


def unknown_operations(graph: Any) -> list[str]:
    """Return the operations of a GraphDef that are neither TensorFlow's nor functions of its own library."""
    own = {function.signature.name for function in graph.library.function}
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return sorted({node.op for node in nodes if node.op not in own and op_def_registry.get(node.op) is None})
