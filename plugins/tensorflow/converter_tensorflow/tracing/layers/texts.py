"""Layers of texts that no operator of ONNX computes, by name and reason."""

from __future__ import annotations

from typing import Any

import keras

from converter_tensorflow.tracing.rules import layer, refusal


@layer(keras.layers.Hashing, keras.layers.HashedCrossing)
def hashing(self: Any, inputs: Any) -> Any:
    """FarmHash and SipHash read the bytes of a text, and no operator gives them."""
    raise refusal(self, "it hashes texts, as no operator does", "hash before the model, or use a StringLookup with a vocabulary")


@layer(keras.layers.TextVectorization)
def text_vectorization(self: Any, inputs: Any) -> Any:
    """Split or cleaned texts; whole ones are a vocabulary."""
    if self._standardize is None and self._split is None and self._ngrams is None:
        return _whole(self, inputs)
    steps = {"standardize": self._standardize, "split": self._split, "ngrams": self._ngrams}
    named = ", ".join(f"{name}={value!r}" for name, value in steps.items() if value is not None)
    raise refusal(
        self, f"{named} takes texts apart, as no operator does as TensorFlow does it", "split texts before the model: standardize=None, split=None"
    )


def _whole(self: Any, inputs: Any) -> Any:
    """The places of texts, cut or filled up with 0 to the wanted length."""
    ops = keras.ops
    places = self._lookup_layer.call(inputs)
    wanted = self._output_sequence_length
    if self._output_mode != "int" or wanted is None:
        return places
    filled = ops.pad(places[..., :wanted], [(0, 0)] * (places.ndim - 1) + [(0, wanted)])
    return filled[..., :wanted]
