"""A function as a TensorFlow GraphDef without variables: what they hold, and what the function captured, are constants in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from converter_tensorflow.functions.function import TensorFunction
from converter_tensorflow.state.replaying import Handlers, asks_for, replayed


@dataclass(frozen=True)
class Frozen:
    """A GraphDef without variables, and the names of its input and output tensors, in the order of the function's own."""

    graph: Any
    inputs: list[str]
    outputs: list[str]


def frozen(function: TensorFunction, handlers: Handlers | None = None) -> Frozen:
    """Trace the function, with its free dims free, and freeze it; operations that have a handler are written by it."""
    specs = [
        tf.TensorSpec([None if isinstance(dim, str) else dim for dim in each.dims], each.dtype, name=f"input_{number}")
        for number, each in enumerate(function.declared.inputs)
    ]
    return freeze(lambda *tensors: function(tensors), specs, handlers)


def freeze(call: Callable[..., Any], specs: Sequence[tf.TensorSpec], handlers: Handlers | None = None) -> Frozen:
    """Trace a call on tensors, and freeze it; operations that have handlers are written by them."""
    traced = tf.function(call, input_signature=specs, autograph=False).get_concrete_function()
    if handlers and asks_for(traced.graph, handlers):
        first = traced
        traced = tf.function(lambda *tensors: replayed(first, tensors, {}, handlers), input_signature=specs, autograph=False).get_concrete_function()
    inputs = [tensor.name for tensor in traced.inputs[: len(specs)]]  # what the function captured comes after
    found = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    return Frozen(found.graph.as_graph_def(add_shapes=True), inputs, [tensor.name for tensor in found.outputs])
