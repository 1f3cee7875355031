"""How exact a function's answers are: the same graph in double precision, from the same weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from converter_tensorflow.freezing import frozen
from converter_tensorflow.functions.function import TensorFunction

_NORMALIZATIONS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
_FLOAT, _DOUBLE = tf.float32.as_datatype_enum, tf.float64.as_datatype_enum


def errors(function: TensorFunction, tensors: Sequence[Any]) -> list[float] | None:
    """Return the largest error of each float32 output, 0 of others; None where an operation of the function has no double precision."""
    try:
        wide = _widened(function)
        exact = wide(*(tf.cast(each, tf.float64) if each.dtype == tf.float32 else each for each in tensors))
        return [_largest(own, better) for own, better in zip(function(tensors), exact, strict=True)]
    except Exception:  # noqa: BLE001 - TensorFlow raises one of many where a kernel is missing or dtypes do not meet
        return None


def _widened(function: TensorFunction) -> Any:
    """The function with every float32 of its graph in float64."""
    found = frozen(function)
    graph, functions = found.graph, found.graph.library.function
    for node in list(graph.node):
        if node.op in _NORMALIZATIONS and not node.attr["is_training"].b:
            _write_out(node, graph)
    renamed = {each.signature.name: f"{each.signature.name}_in_double" for each in functions}  # TensorFlow keeps the first of a name
    for node in [*graph.node, *(node for each in functions for node in each.node_def)]:
        node.op = renamed.get(node.op, node.op)
        for attribute in node.attr.values():
            _widen(attribute, renamed)
    for each in functions:
        each.signature.name = renamed[each.signature.name]
        for argument in (*each.signature.input_arg, *each.signature.output_arg):
            argument.type = _wide(argument.type)
    whole = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    taken, given = ([whole.graph.get_tensor_by_name(name) for name in names] for names in (found.inputs, found.outputs))
    return whole.prune(taken, given)


def _write_out(node: Any, graph: Any) -> None:
    """Turn a fused batch normalization, which has no double precision, into arithmetic: (x - mean) * scale / sqrt(variance + epsilon) + offset."""
    x, scale, offset, mean, variance, *_ = node.input

    def add(name: str, operation: str, *inputs: str) -> str:
        added = graph.node.add(name=f"{node.name}/{name}", op=operation, input=inputs)
        added.attr["T"].type = _FLOAT
        return str(added.name)

    epsilon = graph.node.add(name=f"{node.name}/epsilon", op="Const")
    epsilon.attr["dtype"].type = _FLOAT
    epsilon.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(node.attr["epsilon"].f, tf.float32))
    factor = add("factor", "Mul", add("inverse", "Rsqrt", add("spread", "AddV2", variance, epsilon.name)), scale)
    scaled = add("scaled", "Mul", add("centred", "Sub", x, mean), factor)
    node.op = "AddV2"
    node.input[:] = [scaled, offset, *(each for each in node.input if each.startswith("^"))]
    node.attr.clear()
    node.attr["T"].type = _FLOAT


def _widen(attribute: Any, renamed: Mapping[str, str]) -> None:
    """Widen what an attribute says of dtypes, and the name of a function that it calls."""
    kind = attribute.WhichOneof("value")
    if kind == "type":
        attribute.type = _wide(attribute.type)
    elif kind == "list":
        for place, each in enumerate(attribute.list.type):
            attribute.list.type[place] = _wide(each)
    elif kind == "tensor" and attribute.tensor.dtype == _FLOAT:
        attribute.tensor.CopyFrom(tf.make_tensor_proto(tf.make_ndarray(attribute.tensor).astype(np.float64)))
    functions = [attribute.func] if kind == "func" else attribute.list.func if kind == "list" else []
    for function in functions:
        function.name = renamed.get(function.name, function.name)


def _wide(dtype: int) -> int:
    return _DOUBLE if dtype == _FLOAT else dtype


def _largest(own: Any, exact: Any) -> float:
    if own.dtype != tf.float32:
        return 0.0
    difference = np.abs(own.numpy().astype(np.float64) - exact.numpy())
    return float(np.max(difference, initial=0.0, where=np.isfinite(difference)))
