"""What is told of a graph beside its answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
LOOPS = frozenset({"Loop", "Scan"})


def facts(path: Path) -> dict[str, Any]:
    """Return the fields of a verdict that are read off a graph: its nodes, its transposes with those of subgraphs, and whether recurrence is fused."""
    graph = onnx.load(path, load_external_data=False).graph
    kinds = [node.op_type for node in every_node(graph)]
    return {
        "nodes": len(graph.node),
        "transposes": kinds.count("Transpose"),
        "fused": not RECURRENT.isdisjoint(kinds) and LOOPS.isdisjoint(kinds),
    }


def every_node(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph and of its subgraphs."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [*attribute.graphs, *([attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else [])]:
                yield from every_node(inner)
