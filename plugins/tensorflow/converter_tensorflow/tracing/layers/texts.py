"""Texts as places in a vocabulary."""

from __future__ import annotations

from typing import Any

import keras

from converter.writing import Value
from converter_tensorflow.tracing.layers.lookups import encoded_places, looked_up
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.rules import layer, refusal
from converter_tensorflow.tracing.sizes import counted, length
from converter_tensorflow.tracing.texts.strings import PUNCTUATION, fitted, lowered, tokens, with_ngrams, without
from converter_tensorflow.tracing.traced import Traced

_CLEANED = {None, "lower", "strip_punctuation", "lower_and_strip_punctuation"}


@layer(keras.layers.TextVectorization)
def text_vectorization(self: Any, inputs: Any) -> Any:
    """Cleaned, split at blanks, runs of words if wanted, and looked up; the places of each text are as many as the longest has."""
    _refuse(self)
    given = traced(inputs)
    texts = _cleaned(self._standardize, given.value.flat())
    if self._split is None:
        whole = Traced(texts.node("Reshape", given.value.node("Shape", dtype="int64")), given.shape)
        places = self._lookup_layer.call(whole)
        if self._output_mode != "int" or self._output_sequence_length is None:
            return places
        return Traced(fitted(traced(places).value, self._output_sequence_length), (given.shape[0], self._output_sequence_length))
    words, counts = tokens(texts)
    if self._ngrams is not None:
        words, counts = with_ngrams(words, counts, self._ngrams)
    inside = counted(length(words, 1)) < counts.wide(1)
    places = looked_up(self._lookup_layer, words)
    if self._output_mode != "int":
        return encoded_places(self._lookup_layer, Traced(inside.where(places, -1), (given.shape[0], None)))
    kept, width = inside.where(places, 0), self._output_sequence_length
    return Traced(kept if width is None else fitted(kept, width), (given.shape[0], width))


def _cleaned(standardize: str | None, texts: Value) -> Value:
    if standardize in ("lower", "lower_and_strip_punctuation"):
        texts = lowered(texts)
    return without(texts, PUNCTUATION) if standardize in ("strip_punctuation", "lower_and_strip_punctuation") else texts


def _refuse(self: Any) -> None:
    """Refuse what no operator of ONNX does."""
    if callable(self._standardize) or self._standardize not in _CLEANED:
        raise refusal(self, f"standardize={self._standardize!r} is code of TensorFlow", "standardize texts before the model")
    if self._split not in (None, "whitespace"):
        raise refusal(self, f"split={self._split!r}, and ONNX splits texts at given words alone", "split texts before the model: split=None")
    if self._split is None and self._ngrams is not None:
        raise refusal(self, "ngrams of whole texts", "split='whitespace' gives words")
