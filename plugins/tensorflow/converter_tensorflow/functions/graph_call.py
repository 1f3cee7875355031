"""A recurrent Keras model called as a TensorFlow graph, as its `predict` does.

Called eagerly, a recurrent layer runs in Python, operation by operation at every step: a second for a length that the graph needs milliseconds for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from converter.plugin import Input

Call = Callable[[Sequence[Any]], list[Any]]


def call_of(model: keras.Model, eager: Call, inputs: Sequence[Input]) -> Call:
    """Return the quickest call of a model with the answers of `eager`: a graph of a recurrent one, where TensorFlow can trace it."""
    if not any(isinstance(layer, keras.layers.RNN) for layer in model._flatten_layers()):
        return eager
    graph = tf.function(
        lambda *tensors: eager(tensors),
        input_signature=[tf.TensorSpec([dim if isinstance(dim, int) else None for dim in each.dims], each.dtype) for each in inputs],
        autograph=False,
    )
    try:
        concrete = graph.get_concrete_function()
    except Exception:  # noqa: BLE001 - code of the model's own that needs a number where the graph has a free size raises what it likes
        return eager

    def call(tensors: Sequence[Any]) -> list[Any]:
        has_values = tf.executing_eagerly() and all(isinstance(each, tf.Tensor) for each in tensors)  # else the model is being written
        return list(concrete(*tensors)) if has_values else eager(tensors)

    return call
