"""What a vectorizer does to a text before it looks for tokens: lower case, and accents off, as Python does both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from converter.writing import Value, either, side_by_side
from converter_sklearn.families.feature_extraction import code_points
from converter_sklearn.families.feature_extraction.spans import kept, neighbours, places
from converter_sklearn.families.feature_extraction.strings import all_joined, holds, in_lower_case, matches, numbered


def spelled(texts: Value, vectorizer: Any) -> Value:
    """Return texts [rows] as `build_preprocessor` gives them."""
    texts = _lowered(texts) if vectorizer.lowercase else texts
    if not vectorizer.strip_accents:
        return texts
    table = code_points.without_accents(ascii_only=vectorizer.strip_accents == "ascii")
    return _respelled(texts, table)


def _lowered(texts: Value) -> Value:
    """Return texts as `str.lower` gives them."""
    is_special = holds(texts, code_points.SIGMA) | holds(texts, code_points.DOTTED_I)
    return _with_detour(texts, is_special, in_lower_case, _carefully_lowered)


def _carefully_lowered(texts: Value) -> Value:
    """Return texts in lower case, whose dotted capital I has two code points there, and whose capital sigma one of two forms."""
    special = code_points.of(code_points.SIGMA + code_points.DOTTED_I)
    parts = matches(texts, f"{code_points.written(special)}|{code_points.written(~special)}+")
    kinds = numbered(parts, {code_points.SIGMA: 1, code_points.DOTTED_I: 2}, 0)
    is_sigma = kinds == 1
    number = is_sigma.cast("int64").flat().cumsum(0)  # of the last sigma before or here, from 1
    forms = parts.constant(["σ", "σ", "ς"])[side_by_side([number.constant([0]), _final_sigmas(texts) + 1], 0)[number]]
    plain = (kinds.flat() == 2).where(parts.constant(code_points.DOTTED_I.lower()), in_lower_case(parts.flat()))
    return all_joined(is_sigma.flat().where(forms, plain).node("Reshape", parts.node("Shape", dtype="int64")))


def _final_sigmas(texts: Value) -> Value:
    """Return for each capital sigma of texts whether it ends a word, as 1 or 0, those of all texts one after the other.

    It does where the letter before it is cased and the one after it is not; what is case-ignorable in between does not count (Unicode, 3.13).
    """
    cased, ignorable = code_points.cased_and_ignorable()
    letters = matches(texts, code_points.written(~ignorable))
    kinds = numbered(letters, {**dict.fromkeys(code_points.characters_of(cased), 1), code_points.SIGMA: 2}, 0)
    before, after = neighbours(kinds, 0, axis=1)
    return kept(((before > 0) & (after == 0)).cast("int64"), kinds == 2)


def _respelled(texts: Value, table: Mapping[str, str]) -> Value:
    """Return texts with some characters replaced by others, or by nothing."""
    changed = code_points.of("".join(table))
    kept_ones = {each: new for each, new in table.items() if new}
    expression = f"{code_points.written(code_points.of(''.join(kept_ones)))}|{code_points.written(~changed)}+"
    numbers = {each: number for number, each in enumerate(kept_ones, 1)}

    def write(some: Value) -> Value:
        parts = matches(some, expression)
        found = numbered(parts, numbers, 0)
        return all_joined((found == 0).where(parts, parts.constant(["", *kept_ones.values()])[found]))

    is_changed = numbered(matches(texts, code_points.written(changed)), {"": 0}, 1).sum(keep=False) > 0
    return _with_detour(texts, is_changed, lambda all_texts: all_texts, write)


def _with_detour(texts: Value, is_special: Value, usual: Callable[[Value], Value], write: Callable[[Value], Value]) -> Value:
    """Return what `usual` makes of texts, and of special ones what `write` does, which no others need wait for."""

    def detour() -> list[Value]:
        chosen = places(is_special).flat()
        return [usual(texts).node("ScatterElements", chosen, write(texts[chosen]), axis=0)]

    (spelled_texts,) = either(is_special.any(), detour, lambda: [usual(texts)])
    return spelled_texts
