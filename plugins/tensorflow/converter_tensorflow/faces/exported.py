"""What Keras called the inputs and outputs of a model that it exported as a SavedModel.

Its outputs are `output_0` there; the layers that give them are in the names of the graph's nodes, `model_1/layer_1/BiasAdd`, where the export puts the 1.
An input without a name of its own is `keras_tensor_7`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from converter_tensorflow.faces.naming import AUTOMATIC

_NUMBERED = re.compile(r"output_\d+")
_SCOPES = re.compile(r"[^/]+_1/(?P<layer>[^/]+)_1/.+")
_CALLS = {"PartitionedCall", "StatefulPartitionedCall"}


def inputs_of_the_model(names: Sequence[str]) -> list[str]:
    """Return the names of inputs as the model's own file gives them: `input`, or `input_0` in the order in which they were made."""
    made_up = sorted(
        (each for each in names if AUTOMATIC.fullmatch(each)), key=lambda name: int(name.rpartition("_")[2]) if name[-1].isdigit() else 0
    )
    if len(made_up) == len(names) == 1:
        return ["input"]
    return [f"input_{made_up.index(each)}" if each in made_up else each for each in names]


def layers_of_the_outputs(names: Sequence[str], function: Any) -> list[str]:
    """Return the names of a ConcreteFunction's outputs, those of layers in place of numbers where all are numbered and every layer is told."""
    if not names or not all(_NUMBERED.fullmatch(each) for each in names):
        return list(names)
    library = {each.signature.name: each for each in function.graph.as_graph_def().library.function}
    found = [_SCOPES.fullmatch(_producer(tensor, library)) for tensor in function.outputs]
    layers = [match["layer"] for match in found if match]
    return layers if len(layers) == len(names) else list(names)


def _producer(tensor: Any, library: dict[str, Any]) -> str:
    """The name of the operation that computes a tensor, inside the functions that are called."""
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    if tensor.op.type not in _CALLS:
        return str(tensor.op.name)
    return _producer_inside(library[tensor.op.get_attr("f").name], tensor.value_index, library)


def _producer_inside(function: Any, place: int, library: dict[str, Any]) -> str:
    nodes = {each.name: each for each in function.node_def}
    name, *_, index = f"{function.ret[function.signature.output_arg[place].name]}:0:0".split(":")[:3]
    while name in nodes and nodes[name].op == "Identity":
        name, *_, index = f"{nodes[name].input[0]}:0:0".split(":")[:3]
    if name in nodes and nodes[name].op in _CALLS:
        return _producer_inside(library[nodes[name].attr["f"].func.name], int(index), library)
    return name
