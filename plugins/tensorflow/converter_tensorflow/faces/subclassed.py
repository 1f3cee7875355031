"""The face of a model without a symbolic graph: what it was built with, or the user, says what it takes; one call, what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from converter.plugin import Input, LoadRequest, MissingInputs, Output, example_sizes, format_input
from converter_tensorflow.faces.examples import example_tensors
from converter_tensorflow.faces.face import Face
from converter_tensorflow.faces.naming import BATCH, DEFAULT_AXIS, dims_of, joined, output_names
from converter_tensorflow.faces.overriding import overridden
from converter_tensorflow.reasons import reason_of


def face_of_a_call(model: keras.Model, request: LoadRequest) -> Face:
    """Return what the model takes and gives; a call builds a model that was not built yet.

    Raises MissingInputs where nothing says what it takes, or where it refuses a call.
    """
    structure, known = _as_built(model)
    if not known and not request.inputs:
        hint = "call the model once before it is saved or converted, or give --input 'x:float32[batch,3]'"
        raise MissingInputs(f"{model.name} ({type(model).__name__}) has not been built: nothing says what it takes", hint=hint)
    inputs = overridden(known, request.inputs, strict=False) if known else request.inputs
    arguments = structure if known else _arguments_for(model, inputs)
    return Face(arguments, inputs, _outputs(model, arguments, inputs, request))


def _as_built(model: keras.Model) -> tuple[list[Any], tuple[Input, ...]]:
    """The arguments that a model was built with, as Keras writes them into its files: the batch is free, the rest as it was."""
    config = (model.get_build_config() or {}) if model.built else {}
    shapes = config.get("shapes_dict") or ({"input": config["input_shape"]} if config.get("input_shape") else {})
    prefixes = [(name.removesuffix("_shape"),) for name in shapes] if len(shapes) > 1 else [()]
    leaves = [
        (joined((*prefix, *path)) or "input", leaf)
        for prefix, nest in zip(prefixes, shapes.values(), strict=False)
        for path, leaf in _flat_shapes(nest)
    ]
    dims = dims_of([(name, [None, *shape[1:]]) for name, shape in leaves])
    inputs = tuple(Input(name, model.input_dtype, dims) for (name, _shape), dims in zip(leaves, dims, strict=True))
    return [_without_shapes(nest) for nest in shapes.values()], inputs


def _flat_shapes(nest: Any) -> list[tuple[tuple[Any, ...], Sequence[int | None]]]:
    if _is_shape(nest):
        return [((), nest)]
    items = sorted(nest.items()) if isinstance(nest, dict) else enumerate(nest)
    return [((key, *path), leaf) for key, value in items for path, leaf in _flat_shapes(value)]


def _without_shapes(nest: Any) -> Any:
    """The same nest with a placeholder where each shape was."""
    if _is_shape(nest):
        return "tensor"
    return {key: _without_shapes(value) for key, value in nest.items()} if isinstance(nest, dict) else [_without_shapes(value) for value in nest]


def _is_shape(nest: Any) -> bool:
    return not isinstance(nest, dict) and all(dim is None or isinstance(dim, int) for dim in nest)


def _arguments_for(model: keras.Model, inputs: Sequence[Input]) -> list[Any]:
    """How a model that nobody called takes its inputs: one argument each where its call has as many, else one list."""
    if isinstance(model, keras.Sequential) or len(inputs) == 1:
        return ["tensor"] * len(inputs)
    arguments = [name for name in model._call_signature.parameters if name not in {"self", "training", "mask"}]
    return ["tensor"] * len(inputs) if len(arguments) >= len(inputs) else [["tensor"] * len(inputs)]


def _outputs(model: keras.Model, arguments: list[Any], inputs: Sequence[Input], request: LoadRequest) -> tuple[Output, ...]:
    tensors = example_tensors(inputs, example_sizes({BATCH: DEFAULT_AXIS, **request.axes}))
    try:
        answer = model(*keras.tree.pack_sequence_as(arguments, tensors), training=False)
    except Exception as error:  # a model's own code raises what it likes
        shown = ", ".join(format_input(each, request.axes) for each in inputs)
        message = f"{model.name} cannot be called with {shown}: {reason_of(error)}"
        raise MissingInputs(message, hint="--input NAME:DTYPE[DIMS]{LOW..HIGH} says what it takes, once for each argument") from error
    leaves = keras.tree.flatten_with_path(answer)
    names = output_names([path for path, _leaf in leaves], [each.name for each in inputs])
    return tuple(Output(name, tf.as_dtype(leaf.dtype).name) for name, (_path, leaf) in zip(names, leaves, strict=True))
