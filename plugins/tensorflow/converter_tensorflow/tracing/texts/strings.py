"""Texts as `tf.strings` treats them: by bytes, ASCII alone has cases and punctuation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from converter.writing import Value, loop, side_by_side
from converter_tensorflow.tracing.rules import needs_opset
from converter_tensorflow.tracing.sizes import counted, ints, length

OPSET = 20  # the first with StringSplit and StringConcat
PUNCTUATION = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"  # what Keras strips
_BLANKS = "\t\n\v\f\r"  # what TensorFlow splits at besides spaces; ONNX Runtime's StringSplit knows spaces alone


def lowered(texts: Value) -> Value:
    """Return texts, string [n], with A to Z in lower case: the locale "C" leaves all others."""
    return texts.node("StringNormalizer", case_change_action="LOWER", locale="C")


def without(texts: Value, characters: Iterable[str]) -> Value:
    """Return texts, string [n], without some characters."""
    for character in characters:
        texts = _split_and_joined(texts, character, "")
    return texts


def tokens(texts: Value) -> tuple[Value, Value]:
    """Return the words of texts, string [n, most], filled up with "", and how many each has, int64 [n]."""
    for blank in _BLANKS:
        texts = _split_and_joined(texts, blank, " ")
    return _split(texts, "")


def _split(texts: Value, delimiter: str) -> tuple[Value, Value]:
    needs_opset(OPSET, "StringSplit")
    attributes = {"delimiter": delimiter} if delimiter else {}
    parts, counts = texts.document.nodes("StringSplit", texts.name, outputs=2, **attributes)
    return Value(texts.document, parts, "string"), Value(texts.document, counts, "int64")


def _split_and_joined(texts: Value, character: str, between: str) -> Value:
    """Texts with another one in place of a character: split there, and added up again part by part."""
    parts, counts = _split(texts, character)
    empty = texts.constant("").node("Expand", texts.node("Shape", dtype="int64"))

    def step(number: Value, joined: Value) -> tuple[Value, Sequence[Value]]:
        part = parts.node("Gather", number, axis=1)
        if between:
            part = ((number < counts) & (number > 0)).where(texts.constant(between), "").node("StringConcat", part)
        return number.constant(True, "bool"), [joined.node("StringConcat", part)]

    return loop(step, [empty], length(parts, 1).reshaped())[0]


def with_ngrams(words: Value, counts: Value, widths: Sequence[int]) -> tuple[Value, Value]:
    """Return runs of words with spaces between, those of each width behind those of the one before, as `tokens` returns words."""
    most = length(words, 1)
    grams, valid = [], []
    for width in widths:
        runs = (most - (width - 1)).node("Max", ints(0))
        run = words.node("Slice", ints(0), runs, ints(1))
        for place in range(1, width):
            following = words.node("Slice", ints(place), runs + place, ints(1))
            run = run.node("StringConcat", words.constant(" ")).node("StringConcat", following)
        grams.append(run)
        valid.append(counted(runs) < (counts - (width - 1)).wide(1))
    every, kept = side_by_side(grams, 1), side_by_side(valid, 1)
    total = length(every, 1)
    order = ((~kept).cast("int64") * total + counted(total)).top(total, largest=False)[1]
    found = kept.cast("int64").sum(1, keep=False)
    front = every.node("GatherElements", order, axis=1).node("Slice", ints(0), found.max(0, keep=True), ints(1))
    inside = counted(length(front, 1)) < found.wide(1)
    return inside.where(front, ""), found


def fitted(places: Value, width: int) -> Value:
    """Return numbers [n, any] cut or filled up with 0 to [n, width]."""
    filler = places.constant(np.int64(0)).node("Expand", side_by_side([length(places, 0), ints(width)], 0))
    return side_by_side([places, filler], 1).node("Slice", ints(0), ints(width), ints(1))
