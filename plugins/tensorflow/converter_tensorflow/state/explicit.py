"""A function that changes variables, as one that takes the state and gives the next one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import tensorflow as tf

from converter.plugin import Input, Output, SourceError
from converter_tensorflow.faces.examples import example_tensors
from converter_tensorflow.faces.naming import BATCH, unique
from converter_tensorflow.functions.function import Declared, TensorFunction
from converter_tensorflow.state.replaying import Cell, replayed
from converter_tensorflow.state.variables import State
from converter_tensorflow.tensors import to_array, to_tensor

METADATA_KEY = "state"
NEXT = "_next"
LENGTH = 8  # of free dims other than the batch, where a batch is tried
STEPS = (1, 0, 3, 8)  # how many calls a sampled state comes after


@dataclass(frozen=True)
class ExplicitFunction(TensorFunction):
    """Takes the inner function's inputs and then the state, gives its outputs and then the next state.

    Called outside of a trace, the variables themselves are set, changed and put back; while it is traced, there are none.
    """

    inner: TensorFunction
    states: tuple[State, ...]
    initial: tuple[Any, ...]  # tensors

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Return the answers and the next state."""
        count = len(self.inner.declared.inputs)
        run = self._run if tf.executing_eagerly() else self._replayed
        return run(tensors[:count], tensors[count:])

    def probed(self) -> TensorFunction:
        """Return the inner function in its initial state."""
        return _Initial(self.inner.declared, self)

    def taking(self, inputs: tuple[Input, ...]) -> Self:
        """Return the same with the inner function's inputs declared otherwise."""
        inner = self.inner.taking(inputs)
        state = self.declared.inputs[len(inputs) :]
        return replace(self, inner=inner, declared=replace(self.declared, inputs=(*inputs, *state)))

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random inputs with a state that the model itself came to by calls on other random inputs, at the first steps also the initial one."""
        own = self.inner.declared.inputs
        state = list(self.initial)
        for _ in range(STEPS[int(rng.integers(len(STEPS)))]):
            feeds = self.inner.sample(rng, sizes)
            state = self([to_tensor(feeds[each.name], each.dtype) for each in own] + state)[-len(state) :]
        named = zip(self.declared.inputs[len(own) :], state, strict=True)
        return {**self.inner.sample(rng, sizes), **{each.name: to_array(value) for each, value in named}}

    def _run(self, tensors: Sequence[Any], state: Sequence[Any]) -> list[Any]:
        try:
            for each, value in zip(self.states, state, strict=True):
                each.variable.assign(value)
            answers = self.inner(tensors)
            return [*answers, *(each.variable.read_value() for each in self.states)]
        finally:
            for each, value in zip(self.states, self.initial, strict=True):
                each.variable.assign(value)

    def _replayed(self, tensors: Sequence[Any], state: Sequence[Any]) -> list[Any]:
        traced = traced_of(self.inner)
        named = zip(self.states, state, strict=True)
        cells = {id(each.variable.handle): Cell(each.name, value) for each, value in named}
        return [*replayed(traced, tensors, cells), *(tf.identity(cell.value) for cell in cells.values())]


@dataclass(frozen=True)
class _Initial(TensorFunction):
    whole: ExplicitFunction

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        return self.whole([*tensors, *self.whole.initial])[: len(self.declared.outputs)]


def traced_of(function: TensorFunction) -> Any:
    """Return the function as a ConcreteFunction of flat tensors, its free dims free."""
    specs = [tf.TensorSpec([None if isinstance(dim, str) else dim for dim in each.dims], each.dtype) for each in function.declared.inputs]
    return tf.function(lambda *tensors: function(tensors), input_signature=specs, autograph=False).get_concrete_function()


def with_batch_of(states: Sequence[State], function: TensorFunction) -> TensorFunction:
    """Return the function with the batch that its state has, where it answers at that one and at no other."""
    before = [tf.identity(each.variable) for each in states]

    def answers(batch: int) -> bool:
        sizes = {**dict.fromkeys(_axes(function), LENGTH), BATCH: batch}
        try:
            function(example_tensors(function.declared.inputs, sizes))
        except Exception:  # noqa: BLE001 - a refusal comes as any class
            return False
        finally:
            for each, value in zip(states, before, strict=True):
                each.variable.assign(value)
        return True

    sizes = sorted({int(dim) for each in states for dim in each.variable.shape[:1] if dim is not None})
    if BATCH not in _axes(function) or answers(max(sizes, default=0) + 1):
        return function
    batch = next((size for size in sizes if answers(size)), BATCH)
    inputs = (replace(each, dims=tuple(batch if dim == BATCH else dim for dim in each.dims)) for each in function.declared.inputs)
    return function.taking(tuple(inputs))


def _axes(function: TensorFunction) -> list[str]:
    return [dim for each in function.declared.inputs for dim in each.dims if isinstance(dim, str)]


def explicit(inner: TensorFunction, states: Sequence[State]) -> ExplicitFunction:
    """Return the function with its state outside; the variables' values are the initial state, and told in the graph's metadata.

    Raises SourceError for a variable whose shape is not fixed.
    """
    for state in states:
        if not state.variable.shape.is_fully_defined():
            message = f"the state '{state.name}' has no fixed shape: {state.variable.shape}"
            raise SourceError(message, hint="a state of one shape can be converted: keep a buffer of the greatest length")
    own = inner.declared
    taken = [*(each.name for each in own.inputs), *(each.name for each in own.outputs)]
    names = unique((each.name for each in states), taken)
    following = unique((f"{name}{NEXT}" for name in names), [*taken, *names])
    named = tuple(replace(each, name=name) for each, name in zip(states, names, strict=True))
    initial = tuple(tf.identity(each.variable) for each in named)
    inputs = [Input(each.name, value.dtype.name, tuple(value.shape)) for each, value in zip(named, initial, strict=True)]
    outputs = [Output(name, value.dtype.name) for name, value in zip(following, initial, strict=True)]
    metadata = {each.name: {"next": name, "initial": _plain(value)} for each, name, value in zip(named, following, initial, strict=True)}
    declared = Declared(
        (*own.inputs, *inputs),
        (*own.outputs, *outputs),
        f"{own.summary}, state: {', '.join(names)}",
        {**own.metadata, METADATA_KEY: json.dumps(metadata)},
    )
    return ExplicitFunction(declared, inner, named, initial)


def _plain(tensor: Any) -> Any:
    """A value that fills the tensor, else a list of its values; NumPy broadcasts either to its shape."""
    array = to_array(tensor)
    values = array.astype(np.float64) if array.dtype.kind == "V" else array
    first = values.ravel()[:1]
    return first.tolist()[0] if values.size and (values == first).all() else values.tolist()
