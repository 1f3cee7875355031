"""The face of a functional or built sequential model, read off its symbolic graph under the names that its author gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from converter.plugin import Domain, Input, Output, SourceError
from converter_tensorflow.faces.embeddings import vocabulary
from converter_tensorflow.faces.face import Face
from converter_tensorflow.faces.naming import AUTOMATIC, dims_of, joined, unique
from converter_tensorflow.faces.overriding import overridden


def face_of_graph(model: keras.Model, given: Sequence[Input]) -> Face:
    """Return what the model takes, with the user's `given` inputs over it, and what it gives.

    Raises SourceError for sparse inputs, UnknownName and UsageError where the given inputs are not the model's.
    """
    structure = [model.inputs[0]] if isinstance(model, keras.Sequential) else [model.input]
    inputs = overridden(_inputs(model, structure), given)
    return Face(structure, inputs, _outputs(model, inputs))


def _inputs(model: keras.Model, structure: list[Any]) -> tuple[Input, ...]:
    leaves = keras.tree.flatten_with_path(structure[0])
    _refuse_sparse(tensor for _path, tensor in leaves)
    names = unique(_input_name(path, tensor.name, len(leaves)) for path, tensor in leaves)
    dims = dims_of([(name, tensor.shape) for name, (_path, tensor) in zip(names, leaves, strict=True)])
    domains = [_domain(model, tensor) for _path, tensor in leaves]
    return tuple(Input(name, leaf[1].dtype, dims, domain) for name, leaf, dims, domain in zip(names, leaves, dims, domains, strict=True))


def _refuse_sparse(tensors: Iterable[Any]) -> None:
    for tensor in tensors:
        if tensor.sparse or getattr(tensor, "ragged", False):
            message = f"input '{tensor.name}' is a sparse or ragged tensor, and ONNX has dense ones"
            raise SourceError(message, hint="declare it without sparse=True and feed it dense")


def _input_name(path: tuple[Any, ...], name: str, count: int) -> str:
    """The key under which a dict takes it, else its Keras name; `input` for a name that Keras made up."""
    if any(isinstance(part, str) for part in path):
        return joined(path)
    if AUTOMATIC.fullmatch(name):
        return "input" if count == 1 else f"input_{joined(path)}"
    return name


def _domain(model: keras.Model, tensor: Any) -> Domain:
    if tensor.dtype == "uint8":
        return Domain(0, 255)
    size = vocabulary(model, tensor)
    return Domain(0, size - 1) if size else Domain()


def _outputs(model: keras.Model, inputs: Sequence[Input]) -> tuple[Output, ...]:
    """Named by the keys of a dict, else by the layers that give them."""
    if isinstance(model, keras.Sequential):
        named = [(model.layers[-1].name, model.outputs[0])]
    else:
        leaves = zip(keras.tree.flatten_with_path(model.output), model.output_names, strict=True)
        named = [(joined(path) if any(isinstance(part, str) for part in path) else name, tensor) for (path, tensor), name in leaves]
    names = unique((name for name, _tensor in named), [each.name for each in inputs])
    return tuple(Output(name, tensor.dtype) for name, (_name, tensor) in zip(names, named, strict=True))
