"""A vectorizer's token pattern as RE2 finds its matches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from converter_sklearn.families.feature_extraction import code_points
from converter_sklearn.families.feature_extraction.expressions import (
    Choice,
    Edge,
    Node,
    NotTranslated,
    One,
    Repeat,
    Row,
    choice,
    has_edge,
    parsed,
    row,
    sets,
    shortest,
)
from converter_sklearn.families.feature_extraction.longest import is_longest

_MOST_REPEATED = 1000  # by RE2
_MOST_RANGES = 9000  # with which RE2 still has the memory for its fast way


@dataclass(frozen=True)
class Tokens:
    """What finds tokens: an expression of RE2, and one that those which it finds must match as a whole, "" where each is a token.

    They may hold a space, or any white space that texts are cut at.
    """

    expression: str
    check: str
    holds_space: bool
    holds_break: bool


@cache
def tokens_of(pattern: str) -> Tokens:
    """Return what finds the tokens of a pattern; raises NotTranslated where RE2 finds others than Python."""
    found, check = _without_edges(parsed(pattern))
    if not shortest(found):
        raise NotTranslated("it matches nothing at all too")
    if not is_longest(found):
        raise NotTranslated("it prefers a match to a longer one, and ONNX Runtime takes the longest")
    held = np.any(list(sets(found)), axis=0)
    holds_break = bool((held & code_points.of(code_points.BREAKS)).any())
    return Tokens(_written(found), "" if check is None else _written(check), bool(held[ord(" ")]), holds_break)


def _without_edges(node: Node) -> tuple[Node, Node | None]:
    r"""Return a tree without word boundaries, which RE2 knows in ASCII alone, and what its matches must be as a whole to be tokens.

    Three ways lead there: whole words `\b\w{n,}\b` are found without boundaries too, and so are words with others behind separators; of `\b…\b`
    with nothing but word characters in between, whole words are found and then looked at.
    """
    if not has_edge(node):
        return node, None
    ways = [(way, [each for each in way if isinstance(each, Edge)]) for way in _ways(node)]
    word = next(edges[0].word for _, edges in ways if edges)
    bounded = [_Bounded(way, word) for way, edges in ways if edges]
    free = tuple(row(way) for way, edges in ways if not edges)
    if any((mask & word).any() for each in free for mask in sets(each)):
        raise NotTranslated("a word boundary beside an alternative that matches letters")
    if all(each.least for each in bounded):
        return choice((Repeat(One(word), min(each.least for each in bounded), None), *free)), None
    if len(bounded) == 1 and bounded[0].is_chain:
        return choice((row(bounded[0].inside), *free)), None
    if all(each.is_within for each in bounded):
        return choice((Repeat(One(word), 1, None), *free)), choice((*(_shorter(row(each.inside), word) for each in bounded), *free))
    raise NotTranslated("a word boundary, which RE2 knows in ASCII alone")


def _shorter(node: Node, word: np.ndarray) -> Node:
    """Return a tree that is asked of whole words only, so that any character may stand for one of words."""
    if isinstance(node, One):
        return One(np.ones_like(word)) if np.array_equal(node.mask, word) else node
    if isinstance(node, Repeat):
        return replace(node, item=_shorter(node.item, word))
    return replace(node, items=tuple(_shorter(each, word) for each in node.items)) if isinstance(node, Row | Choice) else node


def _ways(node: Node) -> list[tuple[Node, ...]]:
    """Return the alternatives of a tree as rows, its own word boundaries around each of them."""
    items = node.items if isinstance(node, Row) else (node,)
    places = [place for place, each in enumerate(items) if not isinstance(each, Edge)]
    if len(places) != 1 or not isinstance(options := items[places[0]], Choice):
        return [items]
    before, after = items[: places[0]], items[places[0] + 1 :]
    return [way for each in options.items for way in _ways(row((*before, each, *after)))]


class _Bounded:
    """An alternative with word boundaries at its ends."""

    def __init__(self, way: tuple[Node, ...], word: np.ndarray) -> None:
        self.word = word
        self.inside = tuple(each for each in way if not isinstance(each, Edge))
        self._leads, self._trails = isinstance(way[0], Edge), isinstance(way[-1], Edge)
        places = [place for place, each in enumerate(way) if not isinstance(each, Edge)]
        is_split = not places or places[-1] - places[0] + 1 != len(places)
        if is_split or any(map(has_edge, self.inside)):
            raise NotTranslated("a word boundary in the middle, which RE2 knows in ASCII alone")

    @property
    def least(self) -> int:
        """The number of characters from which whole words are matches; 0 where they are not."""
        return self._run(self.inside, greedy=not self._trails)

    @property
    def is_within(self) -> bool:
        """Whether it matches some whole words."""
        return self._leads and self._trails and not any((mask & ~self.word).any() for each in self.inside for mask in sets(each))

    @property
    def is_chain(self) -> bool:
        """Whether it matches a whole word, and others that follow behind separators."""
        runs = (place for place in range(1, len(self.inside) + 1) if self._run(self.inside[:place], greedy=True))
        first = next(runs, 0)
        return bool(first) and all(map(self._is_link, self.inside[first:]))

    def _is_link(self, node: Node) -> bool:
        if not isinstance(node, Repeat) or not node.greedy or not isinstance(node.item, Row):
            return False
        items = node.item.items
        inner = next((place for place, each in enumerate(items) if any((mask & self.word).any() for mask in sets(each))), len(items))
        return inner > 0 and bool(self._run(items[inner:], greedy=True))

    def _run(self, items: tuple[Node, ...], *, greedy: bool) -> int:
        """Return from how many characters on items match all word characters that follow each other; 0 where they do not."""
        parts = [each if isinstance(each, Repeat) else Repeat(each, 1, 1) for each in items]
        if not all(isinstance(each.item, One) and np.array_equal(each.item.mask, self.word) for each in parts):
            return 0
        is_open = any(each.high is None for each in parts) and all(each.greedy or each.high == each.low or not greedy for each in parts)
        return sum(each.low for each in parts) if is_open else 0


def _written(node: Node) -> str:
    if _ranges(node) > _MOST_RANGES:
        raise NotTranslated("it is too large for RE2")
    return _text(node)


def _text(node: Node) -> str:
    if isinstance(node, One):
        return code_points.written(node.mask)
    if isinstance(node, Repeat):
        if max(node.low, node.high or 0) > _MOST_REPEATED:
            raise NotTranslated(f"more than {_MOST_REPEATED} repetitions, which RE2 does not do")
        return f"(?:{_text(node.item)}){{{node.low},{'' if node.high is None else node.high}}}"
    assert isinstance(node, Row | Choice)
    return "".join(map(_text, node.items)) if isinstance(node, Row) else f"(?:{'|'.join(map(_text, node.items))})"


def _ranges(node: Node) -> int:
    """Return about how many ranges of characters RE2 makes of a tree, which writes out repetitions."""
    if isinstance(node, One):
        return int(np.count_nonzero(np.diff(node.mask))) // 2 + 1
    if isinstance(node, Repeat):
        return _ranges(node.item) * max(1, node.low + (node.high is None), node.high or 0)
    assert isinstance(node, Row | Choice)
    return sum(map(_ranges, node.items))
