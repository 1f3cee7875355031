"""Functions inside a traced function. TensorFlow keeps them behind private names; all of those that are used are here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.control_flow_util_v2 import get_func_graph


def body_of(operation: Any, name: str) -> Any:
    """Return the function of this name that an operation calls, as a graph whose `inputs` and `outputs` are those of the call."""
    return get_func_graph(operation, None, name)


def bodies(operation: Any) -> Iterator[Any]:
    """Yield the graphs of the functions that a call, a branch or a loop goes into."""
    attributes = operation.node_def.attr
    if operation.type in {"PartitionedCall", "StatefulPartitionedCall"}:
        names = ["f"]
    elif operation.type in {"If", "StatelessIf"}:
        names = ["then_branch", "else_branch"]
    elif operation.type in {"While", "StatelessWhile"}:
        names = ["cond", "body"]
    elif operation.type in {"Case", "StatelessCase"}:
        yield from (body_of(operation, function.name) for function in attributes["branches"].list.func)
        return
    else:
        return
    yield from (body_of(operation, attributes[name].func.name) for name in names)


def adopt(operation: Any, graph: Any) -> None:
    """Make the functions that an operation names known in another graph."""
    for name in names_in(operation):
        if graph._get_function(name) is None:
            graph._add_function_recursive(_function(operation.graph, name))


def names_in(operation: Any) -> Iterator[str]:
    """Yield the functions that an operation names in its attributes."""
    for attribute in operation.node_def.attr.values():
        functions = [attribute.func] if attribute.HasField("func") else attribute.list.func
        yield from (function.name for function in functions)


def watch(variables: Any) -> None:
    """Tell the function that is being traced that it reads these variables; freezing looks for them there."""
    graph = tf.compat.v1.get_default_graph()
    for variable in variables:
        graph.watch_variable(variable)


def _function(graph: Any, name: str) -> Any:
    while (found := graph._get_function(name)) is None:
        graph = graph.outer_graph
    return found
