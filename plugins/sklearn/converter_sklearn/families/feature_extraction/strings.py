"""Operators on texts; those that ONNX has not are ONNX Runtime's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onnx import TensorProto

from converter.plugin import ExportError
from converter.writing import Value, side_by_side
from converter_sklearn.families.feature_extraction.spans import span

_RUNTIME, _ML = "com.microsoft", "ai.onnx.ml"
_LOCALE = "C.UTF-8"  # of Unicode on every machine; the operator's own default does not exist on many
_CONCATENATES = 20  # the opset from which texts can be joined, and matched as a whole
_HALVINGS = 20  # of the parts of a text: a million of them


def matches(texts: Value, expression: str) -> Value:
    """Return what an expression of RE2 finds in texts, from left to right the longest each, along a new last axis that "" fills up.

    Texts are [rows] or [rows, columns]. Where nothing is found in any, the last axis has the length 0.
    """
    return _tokenized(texts, tokenexp=expression)


def characters(texts: Value) -> Value:
    """Return the characters of texts [rows], [rows, characters], filled up with ""."""
    return _tokenized(texts, separators=[""])


def numbered(texts: Value, numbers: Mapping[str, int], default: int) -> Value:
    """Return the numbers of texts, int64."""
    keys, values = list(numbers), list(numbers.values())
    return texts.node("LabelEncoder", dtype="int64", domain=_ML, keys_strings=keys, values_int64s=values, default_int64=default)


def hashed(texts: Value) -> Value:
    """Return the hashes of texts as `sklearn.utils.murmurhash3_32` computes them, int64."""
    return texts.node("MurmurHash3", dtype="int32", domain=_RUNTIME, seed=0, positive=0).cast("int64")


def matched(texts: Value, expression: str) -> Value:
    """Return whether texts as a whole are what an expression of RE2 describes, bool."""
    _demand(texts, "matching a text as a whole")
    return texts.node("RegexFullMatch", dtype="bool", pattern=expression)


def holds(texts: Value, part: str) -> Value:
    """Return whether a part is in texts, bool."""
    _demand(texts, "looking for a letter in texts")
    names = texts.document.nodes("StringSplit", texts.name, outputs=2, delimiter=part)
    return Value(texts.document, names[1], "int64") > 1


def joined(first: Value, second: Value | str) -> Value:
    """Return texts one behind the other; shapes broadcast."""
    _demand(first, "joining texts")
    return first.node("StringConcat", second)


def all_joined(parts: Value) -> Value:
    """Return the parts [rows, parts] of texts joined, [rows]."""
    nothing = parts.for_each_row([""])
    parts = side_by_side([parts, nothing])
    for _ in range(_HALVINGS):
        even = side_by_side([parts, nothing])
        parts = joined(span(even, 0, -1, 2, axis=1), span(even, 1, step=2, axis=1))
    return parts.node("Squeeze", parts.constant([1], "int64"))


def in_lower_case(texts: Value) -> Value:
    """Return texts [rows] with each letter in lower case by itself."""
    return texts.node("StringNormalizer", case_change_action="LOWER", is_case_sensitive=1, locale=_LOCALE)


def _tokenized(texts: Value, **how: Any) -> Value:
    """Return tokens, whose type ONNX learns from a Cast that ONNX Runtime drops: its shape inference knows no foreign operator, and some need it."""
    found = texts.node("Tokenizer", domain=_RUNTIME, mark=0, mincharnum=1, pad_value="", **how)
    return found.node("Cast", to=TensorProto.STRING)


def _demand(value: Value, what: str) -> None:
    if value.document.opset < _CONCATENATES:
        raise ExportError(
            "sklearn",
            "direct",
            f"{what} needs opset {_CONCATENATES}, and opset {value.document.opset} was asked for",
            hint=f"--opset {_CONCATENATES}",
        )
