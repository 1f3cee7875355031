"""Layers that hash whole numbers; no operator gives the bytes of a text."""

from __future__ import annotations

from typing import Any

import keras
import keras.src.backend
from keras.src.utils.numerical_utils import encode_categorical_inputs

from converter.writing import Value
from converter_tensorflow.tracing.functions.shaping import squeeze
from converter_tensorflow.tracing.operands import is_floating, traced
from converter_tensorflow.tracing.rules import layer, refusal
from converter_tensorflow.tracing.texts.digits import decimal
from converter_tensorflow.tracing.texts.hashes import bucket, crossed, farm, sip
from converter_tensorflow.tracing.traced import Traced

HINT = "hash before the model, or use a StringLookup with a vocabulary"


@layer(keras.layers.Hashing)
def hashing(self: Any, inputs: Any) -> Any:
    """The bucket of each number's decimal text, encoded as the layer wants it."""
    found = traced(inputs)
    if self.output_mode == "one_hot" and found.shape[-1] == 1:
        found = squeeze(found, -1)
    if found.dtype == "string":
        raise refusal(self, "it hashes texts, and no operator gives their bytes", HINT)
    masked = self.mask_value is not None and self.num_bins > 1
    key = self.salt if self.strong_hash else None
    numbers = found.cast("int64") if is_floating(found.dtype) else found
    places = hashed(numbers, self.num_bins - int(masked), key)
    if masked:
        places = keras.ops.where(keras.ops.equal(found, self.mask_value), 0, places + 1)
    return encode_categorical_inputs(
        keras.ops.cast(places, "int64"), output_mode=self.output_mode, depth=self.num_bins, dtype=self.dtype, backend_module=keras.src.backend
    )


def hashed(numbers: Traced, buckets: int, key: Any = None) -> Traced:
    """Return the buckets, int64, of the decimal texts of whole numbers: by FarmHash, or by SipHash with a key of two numbers."""
    flat = numbers.cast("int64").value.flat()
    text = decimal(flat)
    found = bucket(farm(text) if key is None else sip(text, key), buckets)
    return Traced(found.node("Reshape", numbers.value.node("Shape", dtype="int64")), numbers.shape)


@layer(keras.layers.HashedCrossing)
def hashed_crossing(self: Any, inputs: Any) -> Any:
    """The bucket of the numbers of several columns together."""
    columns = [traced(each) for each in inputs]
    if any(each.dtype == "string" for each in columns):
        raise refusal(self, "it hashes texts, and no operator gives their bytes", HINT)
    flat: list[Value] = [each.cast("int64").value.flat() for each in columns]
    found = bucket(crossed(flat), self.num_bins).node("Reshape", columns[0].value.node("Shape", dtype="int64"))
    places = Traced(found, columns[0].shape)
    encoded = encode_categorical_inputs(
        places, output_mode=self.output_mode, depth=self.num_bins, dtype=self.compute_dtype, backend_module=keras.src.backend
    )
    return keras.ops.cast(encoded, self.dtype)
