"""The same graph, always the same bytes: order and names that follow from the graph alone.

Converters number their nodes from global counters and walk over sets; here nodes are ordered from the outputs backwards
and named after their operator. Parameters keep a dotted name (`encoder.0.weight`), since people look for it.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator

import onnx_ir as ir
from onnx_ir.passes import common

_PARAMETER = re.compile(r"[A-Za-z_]\w*(\.\w+)+")


def canonicalise(model: ir.Model) -> None:
    """Drop what nothing needs, merge equal weights, then order and name everything in place. Inputs and outputs keep their names."""
    for function in model.functions.values():  # inlined nodes are read by the model's opset; whether that is right, the proof tells
        function.opset_imports.update(model.opset_imports)
    with _unlogged():
        common.InlinePass()(model)
        common.RemoveUnusedNodesPass()(model)
        common.LiftConstantsToInitializersPass(size_limit=0)(model)
        common.LiftSubgraphInitializersToMainGraphPass()(model)  # only there a weight may lie in a data file
        common.DeduplicateInitializersPass()(model)
        common.RemoveUnusedFunctionsPass()(model)  # type: ignore[no-untyped-call]
        common.RemoveUnusedOpsetsPass()(model)
        common.ClearMetadataAndDocStringPass()(model)
    graph = model.graph
    _order(graph)
    border = {*graph.inputs, *graph.outputs}
    _name(graph, border, taken={value.name or "" for value in border})
    graph.name = "main"
    model.opset_imports.update(sorted((domain, model.opset_imports.pop(domain)) for domain in list(model.opset_imports)))


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep what the passes have to say, a weight that is an output for instance, off the user's screen."""
    logger = logging.getLogger("onnx_ir")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _order(graph: ir.Graph) -> None:
    """Order the attributes and nodes of a graph and of its subgraphs in place."""
    for node in graph:
        attributes = sorted(node.attributes.items())
        node.attributes.clear()
        node.attributes.update(attributes)
        for _, attribute in attributes:
            for subgraph in _subgraphs(attribute):
                _order(subgraph)
    ordered = list(_from_outputs(graph))
    graph.remove(ordered)
    graph.extend(ordered)


def _from_outputs(graph: ir.Graph) -> Iterator[ir.Node]:
    """Every node after those that it reads from, the first output's ancestors first."""
    done: set[ir.Node] = set()
    roots = [value.producer() for value in graph.outputs]
    for root in (*roots, *list(graph)):
        stack: list[tuple[ir.Node | None, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if node is None or node in done or node.graph is not graph:
                continue
            if ready:
                done.add(node)
                yield node
            else:
                stack.append((node, True))
                stack += [(value.producer(), False) for value in reversed(list(_reads(node))) if value is not None]


def _reads(node: ir.Node) -> Iterator[ir.Value | None]:
    """The values that a node reads, those that its subgraphs capture included."""
    yield from node.inputs
    for attribute in node.attributes.values():
        for subgraph in _subgraphs(attribute):
            for inner in subgraph:
                yield from _reads(inner)
            yield from subgraph.outputs


def _subgraphs(attribute: ir.Attr) -> list[ir.Graph]:
    if attribute.type == ir.AttributeType.GRAPH:
        return [attribute.as_graph()]
    if attribute.type == ir.AttributeType.GRAPHS:
        return list(attribute.as_graphs())
    return []


def _name(graph: ir.Graph, fixed: set[ir.Value], taken: set[str], scope: str = "") -> None:
    """Name nodes by operator and position, values by their node, weights by their first reader, in this graph and its subgraphs.

    `fixed`, the values that have their name, and `taken`, the names, grow with every one.
    """
    for number, value in enumerate(graph.inputs if scope else ()):
        value.name = _free(f"{scope}input_{number}", taken)
    for number, node in enumerate(graph):
        node.name = f"{scope}{node.op_type}_{number}"
        for place, read in enumerate(node.inputs):
            if read is not None and read.is_initializer() and read not in fixed:
                _name_weight(read, f"{node.name}.{place}", taken)
                fixed.add(read)
        for place, output in enumerate(node.outputs):
            if output not in fixed and output.name:
                output.shape = None  # the shapes that exporters declare lie
                output.name = _free(node.name if place == 0 else f"{node.name}_{place}", taken)
        for attribute in node.attributes.values():
            for place, subgraph in enumerate(_subgraphs(attribute)):
                subgraph.name = f"{node.name}.{attribute.name}{place or ''}"
                _name(subgraph, fixed, taken, f"{subgraph.name}.")
    for place, output in enumerate(graph.outputs):
        if output.is_initializer() and output not in fixed:  # a branch may give a weight as it is
            _name_weight(output, f"{scope}output_{place}", taken)
            fixed.add(output)
    weights = [(value.name or "", value) for value in graph.initializers.values()]
    order = {value: place for place, value in enumerate(_first_reads(graph))}
    graph.initializers.clear()
    for _, value in sorted(weights, key=lambda item: (order.get(item[1], len(order)), item[0])):
        graph.initializers.add(value)


def _first_reads(graph: ir.Graph) -> Iterator[ir.Value]:
    for node in graph:
        yield from (value for value in _reads(node) if value is not None)


def _name_weight(value: ir.Value, name: str, taken: set[str]) -> None:
    if value.name is None or not _PARAMETER.fullmatch(value.name) or value.name in taken:
        value.name = _free(name, taken)
    taken.add(value.name)


def _free(name: str, taken: set[str]) -> str:
    free = name if name not in taken else next(f"{name}.{number}" for number in range(1, len(taken) + 2) if f"{name}.{number}" not in taken)
    taken.add(free)
    return free
