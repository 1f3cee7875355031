"""Which of a text's n-grams are terms of a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from converter.writing import Value
from converter_sklearn.families.feature_extraction.analyzers import Analyzer, Stream
from converter_sklearn.families.feature_extraction.spans import kept, span
from converter_sklearn.families.feature_extraction.sparse import Found


@dataclass(frozen=True)
class _Level:
    """The n-grams of one length with which terms begin: the key of each, in order, and the column of its term, -1 where there is none yet."""

    keys: list[int]
    columns: list[int]


class Vocabulary:
    """The terms of a vectorizer as a trie of codes.

    An n-gram is known by its place among those of its length; its key is made of the place of all but its last symbol, and the code of that one.
    """

    def __init__(self, terms: Mapping[str, int], analyzer: Analyzer) -> None:
        """Read terms and their columns."""
        self.analyzer = analyzer
        parts = [(analyzer.parts(term), int(column)) for term, column in terms.items()]
        self.codes = analyzer.codes(symbol for symbols, _ in parts for symbol in symbols)
        count = self.codes.count
        self.levels = [_Level(list(range(count)), [-1] * count)]
        ways: list[dict[int, int]] = [{}]
        for symbols, column in parts:
            self._add([self.codes.table[each] for each in symbols], column, ways)

    def _add(self, codes: list[int], column: int, ways: list[dict[int, int]]) -> None:
        place = codes[0] if codes else 0
        for depth, code in enumerate(codes[1:], 1):
            if depth == len(self.levels):
                self.levels.append(_Level([], []))
                ways.append({})
            level, key = self.levels[depth], place * self.codes.count + code
            place = ways[depth].setdefault(key, len(level.keys))
            if place == len(level.keys):
                level.keys.append(key)
                level.columns.append(-1)
        if codes:
            self.levels[len(codes) - 1].columns[place] = column

    def found(self, stream: Stream) -> list[Found]:
        """Return the terms in a stream, those of each length that any term has."""
        found, place = [], stream.codes
        for length, level in enumerate(self.levels, 1):
            if length > 1:
                keys = span(place, 0, -1) * self.codes.count + span(stream.codes, length - 1)
                place = _places(stream.is_in_one_text(length).where(keys, -1), level.keys)
            if max(level.columns) >= 0:
                found.append(self._terms(stream, place, length, level))
        return found or [Found(span(stream.rows, 0, 0), span(stream.codes, 0, 0))]

    def _terms(self, stream: Stream, place: Value, length: int, level: _Level) -> Found:
        columns = place.constant([*level.columns, -1])[place]
        is_term = columns >= 0
        repeats = self.analyzer.repeats(stream, length)
        return Found(kept(stream.first(stream.rows, length), is_term), kept(columns, is_term), None if repeats is None else kept(repeats, is_term))


def _places(keys: Value, known: list[int]) -> Value:
    """Return the place of each key among those that are known, their number for others."""
    return keys.node("LabelEncoder", domain="ai.onnx.ml", keys_int64s=known, values_int64s=list(range(len(known))), default_int64=len(known))
