"""A Keras model called as a TensorFlow graph, as its `predict` does, where calling it eagerly is a waste.

A recurrent layer runs in Python then, operation by operation at every step: a second for a length that the graph needs milliseconds for. And a deep model keeps
what every layer gave until the call ends: ten gigabytes for three images of 600 × 600 in an EfficientNetB7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from converter.plugin import Input

Call = Callable[[Sequence[Any]], list[Any]]
_DEEP = 100  # layers; to trace fewer takes longer than it saves
# What may give something else in a graph of free sizes: the latter takes the first step alone.
_OTHERWISE = (keras.layers.Lambda, keras.layers.TimeDistributed)


def call_of(model: keras.Model, eager: Call, inputs: Sequence[Input]) -> Call:
    """Return a call of a model with the answers of `eager`: a graph of a recurrent or deep one of Keras's own layers, where TensorFlow can trace it."""
    layers = list(model._flatten_layers())
    if not all(type(layer).__module__.startswith("keras.") and not isinstance(layer, _OTHERWISE) for layer in layers):
        return eager
    if len(layers) < _DEEP and not any(isinstance(layer, keras.layers.RNN) for layer in layers):
        return eager
    graph = tf.function(
        lambda *tensors: eager(tensors),
        input_signature=[tf.TensorSpec([dim if isinstance(dim, int) else None for dim in each.dims], each.dtype) for each in inputs],
        autograph=False,
    )
    try:
        concrete = graph.get_concrete_function()
    except Exception:  # noqa: BLE001 - a layer that needs a number where the graph has a free size raises what it likes
        return eager

    def call(tensors: Sequence[Any]) -> list[Any]:
        if not (tf.executing_eagerly() and all(isinstance(each, tf.Tensor) for each in tensors)):
            return eager(tensors)  # the model is being written
        try:
            return list(concrete(*tensors))
        except tf.errors.OpError:  # whose reason is the clearer one when it is called eagerly
            return eager(tensors)

    return call
