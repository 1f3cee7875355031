"""How many different values an input may take, read off the Embedding layers that it reaches in a functional model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

_VALUES_KEPT = frozenset({"Cast", "ExpandDims", "Flatten", "GetItem", "Identity", "Permute", "RepeatVector", "Reshape", "Squeeze", "Transpose"})


def vocabulary(model: keras.Model, tensor: Any) -> int | None:
    """Return the size of the smallest table that the values of a symbolic tensor of the model are looked up in; None where there is none."""
    return min(_tables(model, tensor), default=None)


def _tables(model: keras.Model, tensor: Any) -> Iterator[int]:
    for operation, inputs, outputs in _consumers(model, tensor):
        if isinstance(operation, keras.Sequential | keras.Model) and getattr(operation, "inputs", None):
            yield from (size for own, given in zip(operation.inputs, inputs, strict=False) if given is tensor for size in _tables(operation, own))
        elif type(operation).__name__ in _VALUES_KEPT:
            yield from (size for each in outputs for size in _tables(model, each))
        else:
            yield from _sizes(operation, holds_others=not tensor.dtype.startswith("float"))


def _consumers(model: keras.Model, tensor: Any) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """The operations of the model that take the tensor, with all that they take and give. Keras offers no public view of its graph."""
    operations = model.layers if isinstance(model, keras.Sequential) else model.operations
    for operation in operations:
        for node in operation._inbound_nodes:
            if any(each is tensor for each in node.input_tensors):
                yield operation, node.input_tensors, node.output_tensors


def _sizes(operation: Any, *, holds_others: bool) -> Iterator[int]:
    """The tables of a layer, and of the layers inside it: of a wrapper, and of an integer's composite layer (tokens and positions)."""
    if not isinstance(operation, keras.layers.Layer):
        return
    inside = operation._flatten_layers() if holds_others or isinstance(operation, keras.layers.Wrapper) else [operation]
    for layer in inside:
        if isinstance(layer, keras.layers.Embedding):
            yield layer.input_dim
        elif isinstance(layer, keras.layers.CategoryEncoding):
            yield layer.num_tokens
