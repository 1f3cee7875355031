"""A traced function once more, operation by operation in its own order, with the variables that it changes as values.

A call goes into the function that it calls; a branch or a loop that touches such a variable takes its value and gives the next one.
All other operations are copied, or written otherwise by a handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from converter.plugin import SourceError
from converter_tensorflow.state.graphs import adopt, bodies, body_of, watch
from converter_tensorflow.state.reading import CHANGES, READS


@dataclass
class Cell:
    """A changed variable: its name, and the value that it has at this point of the replay."""

    name: str
    value: Any


@dataclass(frozen=True)
class Handler:
    """Writes an operation otherwise: `write(operation, *inputs)` gives its one output; `wanted(operation, *inputs)` tells for which of the kind."""

    write: Callable[..., Any]
    wanted: Callable[..., bool] = lambda _operation, *_inputs: True


Handlers = Mapping[str, Handler]


def replayed(traced: Any, tensors: Sequence[Any], cells: Mapping[int, Cell], handlers: Handlers | None = None) -> list[Any]:
    """Replay a ConcreteFunction on tensors, inside the function that is being traced; `cells`, by the identity of their variables' handles, hold the next state afterwards.

    `handlers`, by the names of operations, write these instead of copying them.
    Raises SourceError for an operation on a changed variable that has no form on values.
    """
    watch(variable for variable in traced.graph.variables if id(variable.handle) not in cells)
    captured = [cells.get(id(outer), outer) for outer, _inner in traced.graph.captures]
    places = [inner for _outer, inner in traced.graph.captures]
    taken = [tensor for tensor in traced.graph.inputs if not any(tensor is place for place in places)]
    return _Replay(handlers or {}).run(traced.graph, [*taken, *places], [*tensors, *captured])


@dataclass(frozen=True)
class _Replay:
    handlers: Handlers

    def run(self, graph: Any, inputs: Sequence[Any], given: Sequence[Any]) -> list[Any]:
        known = {tensor.name: value for tensor, value in zip(inputs, given, strict=True)}
        for operation in graph.get_operations():
            names = [tensor.name for tensor in operation.outputs]
            if not names or any(name not in known for name in names):
                values = [known[tensor.name] for tensor in operation.inputs]
                known.update(zip(names, self._perform(operation, values), strict=True))
        return [known[tensor.name] for tensor in graph.outputs]

    def _perform(self, operation: Any, values: Sequence[Any]) -> Sequence[Any]:
        cells = _cells(values)
        if not cells and _is_handled(operation, values, self.handlers):
            with tf.name_scope(f"{operation.name}/"):
                return [self.handlers[operation.type].write(operation, *values)]
        if operation.type in _CALLS and (cells or self._matters(operation)):
            return _CALLS[operation.type](self, operation, values)
        if not cells:
            return _copied(operation, values)
        if operation.type == "Identity":
            return values
        cell = values[0]
        if operation.type in READS:
            return [READS[operation.type](operation, cell.value, *values[1:])]
        if operation.type in CHANGES:
            cell.value = CHANGES[operation.type](operation, cell.value, *values[1:])
            return []
        touched = ", ".join(each.name for each in cells)
        hint = "let the function take the state as an input and return the new one"
        raise SourceError(f"what {operation.type} ({operation.name}) does to {touched} cannot be written with the state as an input", hint=hint)

    def _matters(self, operation: Any) -> bool:
        """Tell whether a call must be gone into where no cell does."""
        return _is_rewritten(operation) or _leads_to(operation, self.handlers)

    def called(self, operation: Any, values: Sequence[Any]) -> Sequence[Any]:
        body = body_of(operation, operation.get_attr("f").name)
        return self.run(body, body.inputs, values)

    def branched(self, operation: Any, values: Sequence[Any]) -> Sequence[Any]:
        names = [operation.get_attr(name).name for name in ("then_branch", "else_branch")]
        then, other = (self._branch(operation, name, values[1:]) for name in names)
        return _settled(tf.cond(_truth(values[0]), then, other), _cells(values))

    def chosen(self, operation: Any, values: Sequence[Any]) -> Sequence[Any]:
        """One of several branches as one of two, and so on; a number that no branch has chooses the last one."""
        branches = [self._branch(operation, function.name, values[1:]) for function in operation.node_def.attr["branches"].list.func]

        def choose(first: int) -> list[Any]:
            if first == len(branches) - 1:
                return branches[first]()
            return list(tf.cond(tf.equal(values[0], first), branches[first], lambda: choose(first + 1)))

        return _settled(choose(0), _cells(values))

    def _branch(self, operation: Any, name: str, given: Sequence[Any]) -> Callable[[], list[Any]]:
        """A branch that gives its outputs and the cells' values after it, and leaves the cells as they were."""
        body, cells = body_of(operation, name), _cells(given)

        def run() -> list[Any]:
            before = [cell.value for cell in cells]
            outputs = self.run(body, body.inputs, given)
            after = [cell.value for cell in cells]
            for cell, value in zip(cells, before, strict=True):
                cell.value = value
            return [*outputs, *after]

        return run

    def looped(self, operation: Any, values: Sequence[Any]) -> Sequence[Any]:
        """A loop whose variables are those of the loop, handles of unchanged variables apart, and then the cells' values."""
        condition, body = (body_of(operation, operation.get_attr(name).name) for name in ("cond", "body"))
        cells = _cells(values)
        moving = [place for place, value in enumerate(values) if not isinstance(value, Cell) and value.dtype != tf.resource]

        def at(function: Any, loop: Sequence[Any]) -> list[Any]:
            given = list(values)
            for place, value in zip(moving, loop, strict=False):
                given[place] = value
            for cell, value in zip(cells, loop[len(moving) :], strict=True):
                cell.value = value
            return self.run(function, function.inputs, given)

        def step(*loop: Any) -> list[Any]:
            outputs = at(body, loop)
            return [*(outputs[place] for place in moving), *(cell.value for cell in cells)]

        before = [cell.value for cell in cells]
        shapes = [*(operation.outputs[place].shape for place in moving), *(value.shape for value in before)]
        start = [*(values[place] for place in moving), *before]
        found = tf.while_loop(lambda *loop: _truth(at(condition, loop)[0]), step, start, shape_invariants=shapes)
        outputs = dict(zip(moving, _settled(found, cells), strict=True))
        return [outputs.get(place, value) for place, value in enumerate(values)]


def asks_for(graph: Any, handlers: Handlers) -> bool:
    """Tell whether a graph holds an operation that a replay writes otherwise, or calls a function that does."""
    return any(_is_rewritten(each) or _is_handled(each, list(each.inputs), handlers) or _leads_to(each, handlers) for each in graph.get_operations())


def _leads_to(operation: Any, handlers: Handlers) -> bool:
    return any(asks_for(body, handlers) for body in bodies(operation))


def _is_handled(operation: Any, values: Sequence[Any], handlers: Handlers) -> bool:
    return operation.type in handlers and handlers[operation.type].wanted(operation, *values)


def _is_rewritten(operation: Any) -> bool:
    """Tell whether it is a choice among several branches, or a call that is to be compiled, which TensorFlow does not inline."""
    return operation.type in _CASES or operation.node_def.attr["_XlaMustCompile"].b


def _copied(operation: Any, values: Sequence[Any]) -> Sequence[Any]:
    if not operation.outputs:  # checks and prints: nothing follows from them
        return []
    graph = tf.compat.v1.get_default_graph()
    adopt(operation, graph)
    attributes = {name: value for name, value in operation.node_def.attr.items() if not name.startswith("_")}
    dtypes = [tensor.dtype for tensor in operation.outputs]
    made = graph.create_op(operation.type, list(values), dtypes, name=operation.name, attrs=attributes, op_def=operation.op_def)
    for tensor, copy in zip(operation.outputs, made.outputs, strict=True):
        copy.set_shape(copy.shape.merge_with(tensor.shape) if copy.shape.is_compatible_with(tensor.shape) else copy.shape)
    return list(made.outputs)


def _settled(found: Sequence[Any], cells: Sequence[Cell]) -> list[Any]:
    """Put the last values into the cells; return the others."""
    first = len(found) - len(cells)
    for cell, value in zip(cells, found[first:], strict=True):
        cell.value = value
    return list(found[:first])


def _cells(values: Sequence[Any]) -> list[Cell]:
    return list({id(value): value for value in values if isinstance(value, Cell)}.values())


def _truth(value: Any) -> Any:
    """What a branch goes by, as a bool: numbers are true where they are not 0."""
    return value if value.dtype == tf.bool else tf.not_equal(value, tf.zeros([], value.dtype))


_CASES = frozenset({"Case", "StatelessCase"})
_CALLS: Mapping[str, Callable[[_Replay, Any, Sequence[Any]], Sequence[Any]]] = {
    "PartitionedCall": _Replay.called,
    "StatefulPartitionedCall": _Replay.called,
    "If": _Replay.branched,
    "StatelessIf": _Replay.branched,
    "Case": _Replay.chosen,
    "StatelessCase": _Replay.chosen,
    "While": _Replay.looped,
    "StatelessWhile": _Replay.looped,
}
