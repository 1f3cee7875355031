"""The check that both exporters need: tf2onnx logs an operation that it does not know and leaves it in the graph."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from converter.plugin import ExportError
from converter_tensorflow.exporters.remedies import remedy

SHOWN = 5
_CALLS = ("StatefulPartitionedCall", "PartitionedCall")  # scopes that only say that a function was called


def refuse_leftovers(model: onnx.ModelProto, exporter: str) -> None:
    """Raise ExportError where the graph holds operations that ONNX does not have, naming them, where they are in the model, and what can be done."""
    versions = {each.domain: each.version for each in model.opset_import}
    places: dict[str, list[str]] = {}
    for node in _nodes(model.graph):
        if not _is_known(node, versions):
            places.setdefault(node.op_type, []).append(_place(node.name))
    if not places:
        return
    named = [_named(kind, found) for kind, found in sorted(places.items())]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    message = f"tf2onnx has no ONNX operators for {', '.join(named[:SHOWN])}{more}"
    raise ExportError("tensorflow", exporter, message, hint=remedy(sorted(places)))


def _named(kind: str, places: list[str]) -> str:
    distinct = list(dict.fromkeys(places))
    others = f" and {len(distinct) - 1} more" if len(distinct) > 1 else ""
    return f"{kind} (in {distinct[0]}{others})"


def _place(name: str) -> str:
    """The scope that a node is in, as the model's author called it: the layer, or the function; the node's own name where there is none."""
    parts = [part for part in name.split("/") if part and not part.startswith(_CALLS)]
    return "/".join(parts[:-1]) or name


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
