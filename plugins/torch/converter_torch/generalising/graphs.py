"""Graphs of fixed sizes laid over each other, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from converter_torch.generalising.arithmetic import Arithmetic
from converter_torch.generalising.constants import CannotGeneralise, generalised
from converter_torch.generalising.expressions import Sizes


def generalise(models: Sequence[onnx.ModelProto], sizes: Sequence[Sizes], axes: Mapping[str, tuple[str, int]]) -> int:
    """Turn the first of the models into one of free axes; return how many of its constants follow one.

    `models[i]` has `sizes[i]`, of which the first is the base and each other differs from it in one axis; `axes` names an input and its dim
    for each. Raises CannotGeneralise where the graphs differ in more than constants, or in one that has no expression.
    """
    graphs = [model.graph for model in models]
    _check_structure(graphs)
    arithmetic = Arithmetic(graphs[0], axes)
    constants = [_constants(graph) for graph in graphs]
    written: dict[str, str] = {}
    for nodes in zip(*(list(graph.node) for graph in graphs), strict=True):
        for place, name in enumerate(nodes[0].input):
            arrays = [known.get(node.input[place]) for known, node in zip(constants, nodes, strict=True)]
            if name not in written and not _are_equal(arrays, nodes[0]):
                written[name] = generalised([array for array in arrays if array is not None], sizes, arithmetic)
            if name in written:
                nodes[0].input[place] = written[name]
    _rewrite(graphs[0], arithmetic.nodes)
    return len(written)


def _check_structure(graphs: Sequence[onnx.GraphProto]) -> None:
    shapes = [[(node.op_type, len(node.input)) for node in graph.node] for graph in graphs]
    if any(shape != shapes[0] for shape in shapes):
        raise CannotGeneralise(f"the structure follows the sizes: {' / '.join(str(len(shape)) for shape in shapes)} nodes")
    for nodes in zip(*(list(graph.node) for graph in graphs), strict=True):
        for attribute in nodes[0].attribute:
            others = [next((each for each in node.attribute if each.name == attribute.name), None) for node in nodes[1:]]
            if nodes[0].op_type != "Constant" and any(other != attribute for other in others):
                raise CannotGeneralise(f"{attribute.name} of {nodes[0].op_type} follows the sizes")


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    found = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            value = onnx.helper.get_attribute_value(node.attribute[0])
            found[node.output[0]] = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
    return found


def _are_equal(arrays: Sequence[np.ndarray | None], node: onnx.NodeProto) -> bool:
    first = arrays[0]
    if first is None or any(array is None for array in arrays):
        if any(array is not None for array in arrays):
            raise CannotGeneralise(f"an input of {node.op_type} is a constant at some sizes only")
        return True
    return all(array is not None and array.shape == first.shape and np.array_equal(array, first) for array in arrays)


def _rewrite(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    own = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *own])
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for dim in value.type.tensor_type.shape.dim:
            dim.Clear()
