"""Which variables a function changes, found in its traced graph and in the functions that this calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from converter_tensorflow.state.graphs import bodies

_AUTOMATIC = re.compile(r"(.*/)?Variable(_\d+)?")  # what TensorFlow calls a variable that nobody named
_CHANGES = re.compile(r"Assign|Resource(Scatter|StridedSliceAssign|Apply|SparseApply)|Rng(ReadAnd)?Skip")
STATE_HINT = "a SavedModel of the graph, built after tf.compat.v1.enable_resource_variables(), keeps the state in variables of today"
_FIRST_OF_CALL = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}  # where a call's arguments begin: behind what it decides by


@dataclass(frozen=True)
class State:
    """A variable that a function changes, under a name that is its own."""

    name: str
    variable: Any  # tf.Variable


def changed_by(traced: Any, owner: Any) -> list[State]:
    """Return the variables that a ConcreteFunction changes, in the order in which it captured them; `owner` is the object that they belong to."""
    changed = _changed(traced.graph, {inner.name: id(outer) for outer, inner in traced.graph.captures})
    variables = [variable for variable in traced.graph.variables if id(variable.handle) in changed]
    paths = _paths(owner)
    return [State(_name(variable, paths), variable) for variable in variables]


def changes_in(graph: Any) -> list[str]:
    """Return the operations of a graph and its library that change variables."""
    document = graph.as_graph_def()
    nodes = [*document.node, *(node for function in document.library.function for node in function.node_def)]
    return sorted({node.op for node in nodes if _CHANGES.match(node.op)})


def old_variables_changed(graph: Any) -> list[str]:
    """Return the variables of TensorFlow 1's first kind that a graph and the functions that it calls change; they are operations, not objects."""
    found = {_source(operation.inputs[0]) for operation in graph.get_operations() if _CHANGES.match(operation.type)}
    called = [name for operation in graph.get_operations() for body in bodies(operation) for name in old_variables_changed(body)]
    return sorted({operation.name for operation in found if operation.type in {"Variable", "VariableV2"}}.union(called))


def _source(tensor: Any) -> Any:
    operation = tensor.op
    while operation.type == "Identity":
        operation = operation.inputs[0].op
    return operation


def _changed(graph: Any, known: Mapping[str, int]) -> set[int]:
    """Which of the handles in `known`, by the names of the tensors that stand for them, operations of the graph change."""
    places = dict(known)
    found: set[int] = set()
    for operation in graph.get_operations():
        given = [places.get(tensor.name) for tensor in operation.inputs]
        touched = {each for each in given if each is not None}
        if operation.type == "Identity" and touched:
            places[operation.outputs[0].name] = touched.pop()
        elif _CHANGES.match(operation.type):
            found |= touched
        elif touched:
            found |= _changed_by_call(operation, given)
    return found


def _changed_by_call(operation: Any, given: Sequence[int | None]) -> set[int]:
    arguments = given[_FIRST_OF_CALL.get(operation.type, 0) :]
    found: set[int] = set()
    for body in bodies(operation):
        found |= _changed(body, {inner.name: outer for inner, outer in zip(body.inputs, arguments, strict=True) if outer is not None})
    return found


def _paths(owner: Any) -> dict[int, str]:
    """The attributes by which the owner reaches each of its variables: `cells.0.memory`."""
    if not isinstance(owner, tf.__internal__.tracking.Trackable):
        return {}
    view = tf.train.TrackableView(owner)
    paths: dict[int, str] = {id(owner): ""}
    waiting = [owner]
    while waiting:
        parent = waiting.pop(0)
        for name, child in view.children(parent).items():
            if id(child) not in paths:
                paths[id(child)] = f"{paths[id(parent)]}.{name}".lstrip(".")
                waiting.append(child)
    return paths


def _name(variable: Any, paths: Mapping[int, str]) -> str:
    """Its own name; where TensorFlow made that up, the attributes that lead to it."""
    own = str(variable.name).removesuffix(":0")
    return paths.get(id(variable), own) if _AUTOMATIC.fullmatch(own) else own
