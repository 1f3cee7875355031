"""Names of a graph's inner values that are those of its inputs and outputs, which torch.onnx gives last and without looking."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir


def make_names_unique(model: ir.Model) -> None:
    """Rename every inner value that has the name of another one's input or output."""
    outer = {value.name: value for value in (*model.graph.inputs, *model.graph.outputs)}
    taken = set(outer) | {value.name for value in _values(model)}
    for value in list(_values(model)):
        if value.name in outer and value is not outer[value.name]:
            value.name = next(name for number in range(1, len(taken) + 2) if (name := f"{value.name}_{number}") not in taken)
            taken.add(value.name)


def _values(model: ir.Model) -> Iterator[ir.Value]:
    """Give every value of the graph and of the graphs within it."""
    for graph in (model.graph, *model.graph.subgraphs()):
        yield from graph.inputs
        yield from graph.initializers.values()
        for node in graph:
            yield from node.outputs
