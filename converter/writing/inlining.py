"""Graphs that others wrote, inside a document."""

from __future__ import annotations

import onnx
from onnx import helper, numpy_helper

from converter.writing.document import Document


def inlined(document: Document, graph: onnx.GraphProto, names: dict[str, str]) -> dict[str, str]:
    """Add a graph to a document that has the values of its inputs under other names; return the names there of all its values."""
    names = names | {each.name: document.constant(numpy_helper.to_array(each)) for each in graph.initializer}
    for node in graph.node:
        names |= dict(zip(node.output, _copied(document, node, names), strict=True))
    return names


def _copied(document: Document, node: onnx.NodeProto, names: dict[str, str]) -> tuple[str, ...]:
    if any(attribute.type in {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS} for attribute in node.attribute):
        node = _renamed_inside(node, names)
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    inputs = [names[each] if each else "" for each in node.input]
    return document.nodes(node.op_type, *inputs, outputs=len(node.output), domain=node.domain, **attributes)


def _renamed_inside(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    """Return a node whose graphs read values of the graph around them by their names in the document."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for graph in (graph for each in copy.attribute for graph in (*([each.g] if each.HasField("g") else []), *each.graphs)):
        own = {name for inner in graph.node for name in inner.output} | {each.name for each in (*graph.input, *graph.initializer)}
        outer = {name: value for name, value in names.items() if name not in own}
        for place, inner in enumerate(graph.node):
            graph.node[place].CopyFrom(_renamed_inside(inner, outer))
            graph.node[place].input[:] = [outer.get(name, name) for name in inner.input]
    return copy
