"""Texts in pieces, so that a long one fills up few others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter_sklearn.families.feature_extraction import code_points
from converter_sklearn.families.feature_extraction.spans import kept, numbers, places
from converter_sklearn.families.feature_extraction.strings import matches, numbered
from converter_sklearn.values import Value, side_by_side

_LENGTH = 200  # characters, after which a piece ends where white space begins


@dataclass(frozen=True)
class Pieces:
    """Pieces of texts [pieces] in their order, and the place of the text that each of them is of, int64."""

    texts: Value
    rows: Value


def whole(texts: Value) -> Pieces:
    """Return texts [batch] as one piece each."""
    return Pieces(texts, numbers(texts.rows()))


def cut_at_white_space(texts: Value) -> Pieces:
    """Return texts [batch] in pieces that end before white space: no word is cut, and no letter from those that its lower case depends on.

    The first piece is empty, for operators that insist on one.
    """
    black = code_points.written(~code_points.of(code_points.whitespace()))
    found = matches(texts, f"{code_points.written(np.ones(code_points.COUNT, bool))}{{1,{_LENGTH}}}{black}*")
    is_piece = numbered(found, {"": 0}, 1) == 1
    rows = places(is_piece).node("Gather", 0, axis=0)
    return Pieces(side_by_side([found.constant([""]), kept(found, is_piece)], 0), side_by_side([rows.constant([0]), rows], 0))
