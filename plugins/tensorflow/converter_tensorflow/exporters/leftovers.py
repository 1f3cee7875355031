"""The check that both exporters need: tf2onnx logs an operation that it does not know and leaves it in the graph."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from converter.plugin import ExportError

SHOWN = 5


def refuse_leftovers(model: onnx.ModelProto, exporter: str) -> None:
    """Raise ExportError where the graph holds operations that ONNX does not have, naming them and where they are in the model."""
    versions = {each.domain: each.version for each in model.opset_import}
    strange = {node.op_type: node.name for node in _nodes(model.graph) if not _is_known(node, versions)}
    if not strange:
        return
    named = [f"{kind} ({place})" for kind, place in sorted(strange.items())]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    message = f"tf2onnx has no ONNX operators for {', '.join(named[:SHOWN])}{more}"
    raise ExportError("tensorflow", exporter, message, hint="write these parts of the model with other operations of keras.ops or tf")


def _is_known(node: onnx.NodeProto, versions: dict[str, int]) -> bool:
    try:
        onnx.defs.get_schema(node.op_type, versions.get(node.domain, 1), node.domain)
    except onnx.defs.SchemaError:
        return False
    return True


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [*attribute.graphs, *([attribute.g] if attribute.type == onnx.AttributeProto.GRAPH else [])]:
                yield from _nodes(inner)
