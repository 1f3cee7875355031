"""Vocabularies: texts and whole numbers to their places, and back."""

from __future__ import annotations

from typing import Any

import keras.src.backend  # its encoding without TensorFlow's own way, which wants eager tensors
import numpy as np
from keras.src.utils.numerical_utils import encode_categorical_inputs

from converter.writing import Value
from converter_tensorflow.tracing.layers.hashing import hashed
from converter_tensorflow.tracing.operands import constant, traced
from converter_tensorflow.tracing.rules import layer, refusal
from converter_tensorflow.tracing.traced import Traced

_ML = "ai.onnx.ml"


@layer(keras.layers.StringLookup, keras.layers.IntegerLookup)
def index_lookup(self: Any, inputs: Any) -> Any:
    """The place of each in the vocabulary, encoded as the layer wants it; unknown ones have places of their own."""
    kind = "string" if isinstance(self, keras.layers.StringLookup) and not self.invert else "int64"
    given = traced(inputs, kind)
    if self.invert:
        return Traced(_inverted(self, given.value), given.shape)
    return encoded_places(self, Traced(looked_up(self, given.value), given.shape))


def encoded_places(self: Any, places: Traced) -> Any:
    """Return places as a lookup layer wants them: as they are, or as rows with a column for each of the vocabulary, in which -1 leaves nothing."""
    if self.output_mode == "int":
        return places
    depth = self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()
    if self.output_mode == "one_hot":
        encoded = encode_categorical_inputs(places, output_mode="one_hot", depth=depth, dtype=self._value_dtype, backend_module=keras.src.backend)
    else:
        counts = keras.ops.sum(keras.ops.one_hot(places, depth, dtype=self._value_dtype), axis=1 if places.ndim > 1 else 0)
        encoded = keras.ops.cast(counts > 0, self._value_dtype) if self.output_mode == "multi_hot" else counts
    if self.output_mode != "tf_idf":
        return encoded
    weights = self.idf_weights_const
    return keras.ops.multiply(keras.ops.cast(encoded, weights.dtype.name), weights)


def _refuse(self: Any) -> None:
    """Refuse what no operator of ONNX computes."""
    if self.num_oov_indices > 1 and isinstance(self, keras.layers.StringLookup):
        why = f"num_oov_indices={self.num_oov_indices} hashes texts, and no operator gives their bytes"
        raise refusal(self, why, "num_oov_indices=1 has one place for all unknown values")
    if self.num_oov_indices == 0:
        raise refusal(self, "num_oov_indices=0 raises an error at an unknown value, as no graph does", "num_oov_indices=1 has a place for them")


def looked_up(self: Any, given: Value) -> Value:
    """Return the places of texts or numbers in the vocabulary of a lookup layer, int64; raises ExportError where unknown texts are hashed."""
    _refuse(self)
    words = [_plain(each) for each in self.get_vocabulary(include_special_tokens=False)]
    first = self._token_start_index()
    places = dict(zip(words, range(first, first + len(words)), strict=True))
    if self.mask_token is not None:
        places[self.mask_token] = int(self._mask_value) if self.output_mode == "int" else self._oov_start_index()
    unknown = -1 if self.num_oov_indices > 1 else self._oov_start_index()
    found = _encoder(given, places, unknown)
    if self.num_oov_indices == 1:
        return found
    if getattr(self, "oov_method", None) == "farmhash":
        shared = hashed(Traced(given, (None,)), self.num_oov_indices, self.salt).value + self._oov_start_index()
    else:
        shared = given.node("Mod", given.constant(self.num_oov_indices)) + self._oov_start_index()
    return (found == -1).where(shared, found)


def _inverted(self: Any, given: Value) -> Value:
    """Texts or numbers of places; those of none are the unknown one's."""
    words = [_plain(each) for each in self.get_vocabulary()]
    unknown = _plain(self.oov_token)
    return _encoder(given, dict(enumerate(words)), unknown)


def _encoder(given: Value, table: dict[Any, Any], default: Any) -> Value:
    def attribute(values: list[Any]) -> str:
        return "strings" if isinstance(values[0], str) else "int64s"

    if not table:
        return constant(np.array(default)).node("Expand", given.node("Shape", dtype="int64"))
    keys, values = list(table), list(table.values())
    attributes = {f"keys_{attribute(keys)}": keys, f"values_{attribute(values)}": values, f"default_{attribute([default])[:-1]}": default}
    dtype = "string" if isinstance(default, str) else "int64"
    return given.node("LabelEncoder", domain=_ML, dtype=dtype, **attributes)


def _plain(word: Any) -> Any:
    return int(word) if isinstance(word, int | np.integer) else str(word)
