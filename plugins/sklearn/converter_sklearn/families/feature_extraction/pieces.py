"""Texts in pieces, so that a long one fills up few others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from converter.writing import Value, side_by_side
from converter_sklearn.families.feature_extraction import code_points
from converter_sklearn.families.feature_extraction.spans import kept, numbers, span
from converter_sklearn.families.feature_extraction.strings import all_joined, matches, numbered

_WORDS = 32  # between white space, in one piece
_CHARACTERS = 64  # in a small piece


@dataclass(frozen=True)
class Pieces:
    """Pieces of texts [pieces] in their order, and the place of the text that each of them is of, int64."""

    texts: Value
    rows: Value


def cut(texts: Value) -> Pieces:
    """Return texts [batch] in pieces that end after plain white space: no word is cut, and no letter from those that its lower case depends on.

    The first piece is empty, for operators that insist on one.
    """
    return _in_a_row(_found(texts), numbers(texts.rows()))


def cut_small(pieces: Pieces, edge: str = "") -> Pieces:
    """Return pieces in smaller ones of a few characters; with an edge, if one is given, before and after what was one piece."""
    found = matches(pieces.texts, f"{code_points.written(np.ones(code_points.COUNT, bool))}{{1,{_CHARACTERS}}}")
    edges = [found.for_each_row([edge])] if edge else []
    return _in_a_row(side_by_side([*edges, found, *edges]), pieces.rows)


def whole(texts: Value, write: Callable[[Value], Value]) -> Pieces:
    """Return texts [batch] as one piece each, after `write` has made others of what they are cut in."""
    found = _found(texts)
    changed = write(side_by_side([found.constant([""]), found.flat()], 0))
    return Pieces(all_joined(span(changed, 1).node("Reshape", found.node("Shape", dtype="int64"), allowzero=1)), numbers(texts.rows()))


def _found(texts: Value) -> Value:
    """Return the pieces of each text, [batch, pieces], filled up with ""."""
    is_white = code_points.of(code_points.BREAKS)
    white, black = code_points.written(is_white), code_points.written(~is_white)
    return matches(texts, f"(?:{white}*{black}+){{1,{_WORDS}}}{white}*|{white}+")


def _in_a_row(found: Value, rows: Value) -> Pieces:
    is_piece = numbered(found, {"": 0}, 1) == 1
    places_of = kept(rows.wide().node("Expand", found.node("Shape", dtype="int64")), is_piece)
    return Pieces(side_by_side([found.constant([""]), kept(found, is_piece)], 0), side_by_side([rows.constant([0]), places_of], 0))
