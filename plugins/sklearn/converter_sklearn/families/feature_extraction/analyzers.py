"""How a vectorizer cuts texts into symbols, words or characters, whose n-grams it counts: its `build_analyzer`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

from converter.writing import Value, side_by_side
from converter_sklearn.families.feature_extraction import code_points
from converter_sklearn.families.feature_extraction.pieces import Pieces, cut, cut_small, whole
from converter_sklearn.families.feature_extraction.spans import kept, neighbours, span
from converter_sklearn.families.feature_extraction.spelling import spelled
from converter_sklearn.families.feature_extraction.strings import characters, matched, matches, numbered
from converter_sklearn.families.feature_extraction.tokens import Tokens, tokens_of


@dataclass(frozen=True)
class Codes:
    """The codes of symbols, from 0, and the one of those that are not in the table."""

    table: dict[str, int]
    unknown: int

    @property
    def dropped(self) -> int:
        """The code of what is no symbol: the space behind the last one of a piece, a stop word."""
        return self.unknown + 1

    @property
    def count(self) -> int:
        """The number of codes."""
        return self.unknown + 2


@dataclass(frozen=True)
class Stream:
    """The symbols of all texts one after the other: the code of each and the place of its text, [symbols], and what writes the symbols themselves."""

    codes: Value
    rows: Value
    symbols: Callable[[], Value]

    def kept(self, keep: Value) -> Stream:
        """Return the symbols for which a condition holds."""
        return Stream(kept(self.codes, keep), kept(self.rows, keep), lambda: kept(self.symbols(), keep))

    def is_in_one_text(self, length: int) -> Value:
        """Return whether the n-gram of a length that begins with a symbol is all in one text, bool [n-grams]."""
        return self.first(self.rows, length) == span(self.rows, length - 1)

    @staticmethod
    def first(values: Value, length: int) -> Value:
        """Return what n-grams of a length begin with."""
        return span(values, 0, 1 - length) if length > 1 else values


class Analyzer:
    """Cuts texts into symbols; every n-gram of these counts whose length is in the vectorizer's range."""

    separator: ClassVar[str] = ""
    """What is between the symbols of an n-gram."""

    def __init__(self, vectorizer: Any) -> None:
        """Read the settings of a vectorizer."""
        self.vectorizer = vectorizer
        self.low, self.high = map(int, vectorizer.ngram_range)

    def pieces(self, texts: Value) -> Pieces:
        """Return texts [batch] as the preprocessor leaves them, in pieces between which no symbol is."""
        pieces = cut(texts)
        return replace(pieces, texts=spelled(pieces.texts, self.vectorizer))

    def codes(self, symbols: Iterable[str]) -> Codes:
        """Return codes for symbols and for what this analyzer has to tell from others; for none, if n-grams of all symbols count."""
        raise NotImplementedError

    def stream(self, pieces: Pieces, codes: Codes) -> Stream:
        """Return the symbols of texts in pieces."""
        raise NotImplementedError

    def parts(self, term: str) -> tuple[str, ...]:
        """Return the symbols that a term of a vocabulary is made of; () if it never counts."""
        raise NotImplementedError

    def weights(self, stream: Stream, length: int) -> Value | None:
        """Return how often each n-gram of a length counts, int64; None where none of this length does."""
        return stream.is_in_one_text(length).cast("int64") if self.low <= length <= self.high else None

    def repeats(self, stream: Stream, length: int) -> Value | None:  # noqa: ARG002 - an n-gram that is one symbol may be several
        """Return how often each n-gram of a length counts that is a term of a vocabulary; None where it always counts once."""
        return None


class Words(Analyzer):
    """Tokens by a pattern, stop words left out."""

    separator: ClassVar[str] = " "

    @cached_property
    def tokens(self) -> Tokens:
        """What finds the tokens."""
        return tokens_of(self.vectorizer.token_pattern)

    @cached_property
    def stop_words(self) -> frozenset[str]:
        """The words that are left out."""
        return frozenset(self.vectorizer.get_stop_words() or ())

    def pieces(self, texts: Value) -> Pieces:
        """Return texts in pieces; where a token may go beyond one, whole."""
        return whole(texts, partial(spelled, vectorizer=self.vectorizer)) if self.tokens.holds_break else super().pieces(texts)

    def codes(self, symbols: Iterable[str]) -> Codes:
        """Return codes; stop words are none."""
        known = {each: place for place, each in enumerate(dict.fromkeys(symbols))}
        return Codes({**known, **dict.fromkeys(("", *filter(_is_unicode, self.stop_words)), len(known) + 1)}, len(known))

    def stream(self, pieces: Pieces, codes: Codes) -> Stream:
        """Return the tokens that are no stop words."""
        found = matches(pieces.texts, self.tokens.expression)
        stream = _flat(found, numbered(found, codes.table, codes.unknown), pieces.rows, codes)
        if not self.tokens.check or (self.high == 1 and codes.unknown):  # words that are no tokens are no terms either
            return stream
        return stream.kept(matched(stream.symbols(), self.tokens.check))

    def parts(self, term: str) -> tuple[str, ...]:
        """Return the tokens between the spaces of a term."""
        parts = (term,) if self.high == 1 else tuple(term.split(" "))
        counts = self.low <= len(parts) <= self.high and all(map(self._is_token, parts))
        return parts if counts else ()

    def _is_token(self, word: str) -> bool:
        is_found = not self.tokens.check or re.fullmatch(self.vectorizer.token_pattern, word) is not None
        return bool(word) and word not in self.stop_words and _is_unicode(word) and is_found


class Characters(Analyzer):
    """Characters; white space of several is one space."""

    def codes(self, symbols: Iterable[str]) -> Codes:
        """Return codes, those of white space first."""
        table = {each: place for place, each in enumerate(dict.fromkeys((*code_points.whitespace(), *symbols)))}
        return Codes({**table, "": len(table) + 1}, len(table))

    def stream(self, pieces: Pieces, codes: Codes) -> Stream:
        """Return the characters, the first of several white ones as a space and without the others."""
        small = cut_small(pieces)
        found = characters(small.texts)
        stream = _flat(found, numbered(found, codes.table, codes.unknown), small.rows, codes)
        is_white = stream.codes < len(code_points.whitespace())
        are_both = stream.is_in_one_text(2) & span(is_white, 0, -1) & span(is_white, 1)
        edge = are_both.constant([False])
        follows, is_followed = is_white & side_by_side([edge, are_both], 0), is_white & side_by_side([are_both, edge], 0)
        is_space = is_followed & ~follows

        def spaced() -> Value:
            letters = stream.symbols()
            return is_space.where(letters.constant(" "), letters)

        return Stream(is_space.where(stream.codes.constant(codes.table[" "]), stream.codes), stream.rows, spaced).kept(~follows)

    def parts(self, term: str) -> tuple[str, ...]:
        """Return the characters of a term."""
        return tuple(term) if self.low <= len(term) <= self.high and _is_unicode(term) else ()


class CharactersOfWords(Analyzer):
    """Characters of words, with a space before and after each word; n-grams do not go beyond it. What is shorter than an n-gram counts as a whole."""

    def codes(self, symbols: Iterable[str]) -> Codes:
        """Return codes; what is white is a space, 0."""
        known = {each: place for place, each in enumerate(dict.fromkeys((" ", *symbols)))}
        return Codes({**known, **dict.fromkeys(code_points.whitespace(), 0), "": len(known) + 1}, len(known))

    def stream(self, pieces: Pieces, codes: Codes) -> Stream:
        """Return the characters with a space or two between words, one before the first and one after the last."""
        small = cut_small(pieces, edge=" ")
        found = characters(small.texts)
        stream = _flat(found, numbered(found, codes.table, codes.unknown), small.rows, codes)
        before, after = neighbours(stream.codes, 0)
        is_space = stream.codes == 0

        def spaced() -> Value:
            letters = stream.symbols()
            return is_space.where(letters.constant(" "), letters)

        return Stream(stream.codes, stream.rows, spaced).kept((stream.codes + before + after) > 0)

    def parts(self, term: str) -> tuple[str, ...]:
        """Return the characters of a term that is in one word, with a space at its ends or none, or all of a short word."""
        white = set(code_points.whitespace())
        is_short_word = 2 < len(term) < self.low and term[0] == term[-1] == " "
        is_in_word = not white & set(term[1:-1]) and not (white - {" "}) & set(term) and term != "  "
        counts = self.low <= len(term) <= self.high or is_short_word
        return tuple(term) if counts and is_in_word and _is_unicode(term) else ()

    def weights(self, stream: Stream, length: int) -> Value | None:
        """Return which n-grams are in one word, and so in one text; of those that are shorter than others, which are a word with its spaces."""
        if length == 1:
            return self.repeats(stream, length) if self.low == 1 else None
        if length > self.high or (length < self.low and length < 3):
            return None
        is_letter = stream.codes != 0
        first, last = stream.first(is_letter, length), span(is_letter, length - 1)
        if length == 2:
            return (first | last).cast("int64")
        inside = span(is_letter, 1, 2 - length)
        for place in range(2, length - 1):
            inside = inside & span(is_letter, place, place + 1 - length)
        return (inside if length >= self.low else inside & ~first & ~last).cast("int64")

    def repeats(self, stream: Stream, length: int) -> Value | None:
        """Return how often a character counts: a space once for each word at its sides."""
        if length > 1:
            return None
        is_letter = (stream.codes != 0).cast("int64")
        before, after = neighbours(is_letter, 0)
        return (is_letter == 1).where(is_letter, before + after)


def analyzer_of(vectorizer: Any) -> Analyzer:
    """Return the analyzer of a vectorizer whose analyzer is no function."""
    return {"word": Words, "char": Characters, "char_wb": CharactersOfWords}[vectorizer.analyzer](vectorizer)


def _flat(symbols: Value, codes: Value, rows: Value, table: Codes) -> Stream:
    """Return symbols [pieces, n] one after the other without those that are none."""
    keep = codes != table.dropped
    return Stream(kept(codes, keep), kept(_for_each(rows, codes), keep), lambda: kept(symbols, keep))


def _for_each(rows: Value, codes: Value) -> Value:
    """Return the place of each piece's text for each of its symbols, [pieces, n]."""
    return rows.wide().node("Expand", codes.node("Shape"))


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be in a graph: one with a surrogate cannot, so no text that the graph is given has it."""
    return not any("\ud800" <= each <= "\udfff" for each in text)
