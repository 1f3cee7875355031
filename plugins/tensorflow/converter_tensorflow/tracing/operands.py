"""What functions are given, as traced tensors, values of the graph and arrays; and what shapes and dtypes they have together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import dtypes

from converter.writing import Value
from converter_tensorflow.tracing.current import current_document
from converter_tensorflow.tracing.rules import Inexpressible
from converter_tensorflow.tracing.traced import Shape, Traced


def is_traced(thing: Any) -> bool:
    """Tell whether it is a traced tensor."""
    return isinstance(thing, Traced)


def holds_traced(nest: Any) -> bool:
    """Tell whether a traced tensor is anywhere in a nest."""
    return any(is_traced(each) for each in keras.tree.flatten(nest))


def array_of(thing: Any, dtype: str | None = None) -> np.ndarray:
    """Return what is known while the graph is written, a variable, a tensor, an array or numbers, as an array."""
    if holds_traced(thing):
        raise Inexpressible("it is computed, and ONNX wants a constant here")
    if isinstance(thing, keras.Variable):
        thing = thing.value
    tensor = tf.convert_to_tensor(thing)
    array: np.ndarray = tensor.numpy()
    if tensor.dtype == tf.string:
        return np.array([each.decode() for each in np.ravel(array)], object).reshape(array.shape)
    return array if dtype is None else array.astype(tf.as_dtype(dtype).as_numpy_dtype)


def constant(thing: Any, dtype: str | None = None) -> Value:
    """Return a constant of the graph; of its own dtype where none is named."""
    array = array_of(thing, None if dtype == "string" else dtype)
    name = "string" if array.dtype == object else array.dtype.name
    return Value(current_document(), current_document().constant(array), name)


def value_of(thing: Any, dtype: str | None = None) -> Value:
    """Return the value of a traced tensor, of a list that holds some, or of what is known already."""
    if isinstance(thing, Value):
        return thing if dtype is None else thing.cast(dtype)
    if not is_traced(thing) and holds_traced(thing):
        thing = keras.ops.stack(list(thing))
    if is_traced(thing):
        found: Value = thing.wide if dtype == "int64" and thing.wide is not None else thing.cast(dtype or thing.dtype).value
        return found
    return constant(thing, dtype)


def traced(thing: Any, dtype: str | None = None) -> Traced:
    """Return anything as a traced tensor, of its own dtype where none is named."""
    if is_traced(thing):
        found: Traced = thing.cast(dtype or thing.dtype)
        return found
    if holds_traced(thing):
        return traced(keras.ops.stack(list(thing)), dtype)
    return Traced(constant(thing, dtype), np.shape(array_of(thing)))


def shape_of(thing: Any) -> Shape:
    """Return the dims of a traced tensor or of what is known."""
    return tuple(thing.shape) if hasattr(thing, "shape") else traced(thing).shape


def dtype_of(thing: Any) -> Any:
    """Return the name of a dtype, or Python's own type of a number, as Keras promotes them; a type is itself."""
    if isinstance(thing, type):
        return thing
    if hasattr(thing, "dtype"):
        return keras.backend.standardize_dtype(thing.dtype)
    if isinstance(thing, bool | int | float):
        return type(thing)
    return traced(thing).dtype if holds_traced(thing) else tf.convert_to_tensor(thing).dtype.name


def common_dtype(*things: Any) -> str:
    """Return the dtype in which Keras joins them."""
    return str(dtypes.result_type(*(dtype_of(each) for each in things)))


def floating(thing: Any) -> Traced:
    """Return a traced tensor of a floating dtype; whole numbers and truth values in Keras's own."""
    found = traced(thing)
    return found if is_floating(found.dtype) else found.cast(keras.backend.floatx())


def is_floating(dtype: str) -> bool:
    """Tell whether it is a dtype of floats."""
    return "float" in dtype


def broadcast(*shapes: Sequence[int | None]) -> Shape:
    """Return the dims of what shapes broadcast to."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_joined(dims) for dims in zip(*padded, strict=True))


def _joined(dims: Sequence[int | None]) -> int | None:
    larger = [dim for dim in dims if dim != 1]
    return next((dim for dim in larger if dim is not None), None if larger else 1)
