"""Regular expressions of Python as trees: single characters by the set that they match, and how these follow each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np

from converter_sklearn.families.feature_extraction import code_points

_SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
_REPEATS = {_constants.MAX_REPEAT: True, _constants.MIN_REPEAT: False}  # whether greedy
_NAMES = {
    _constants.ASSERT: "a lookaround",
    _constants.ASSERT_NOT: "a lookaround",
    _constants.GROUPREF: "a reference to a group",
    _constants.GROUPREF_EXISTS: "a reference to a group",
    _constants.POSSESSIVE_REPEAT: "a possessive quantifier",
    _constants.ATOMIC_GROUP: "an atomic group",
    _constants.AT: "an anchor",
}


class NotTranslated(Exception):
    """What RE2 cannot do, or not as Python does it."""


@dataclass(frozen=True, eq=False)
class One:
    """A character of a set."""

    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class Edge:
    r"""A word boundary, `\b`; `word` are the characters of words."""

    word: np.ndarray


@dataclass(frozen=True, eq=False)
class Row:
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    """The first of several that fits."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Repeat:
    """So many times, as often as possible or as seldom; `high` is None where there is no end."""

    item: Node
    low: int
    high: int | None
    greedy: bool = True


Node = One | Edge | Row | Choice | Repeat


def parsed(pattern: str) -> Node:
    """Return the tree of a pattern; raises NotTranslated for what no tree can hold, and for a group that is not all of the match."""
    found = _parser.parse(pattern)
    return _row(found, found.state.flags, is_whole=True)


def sets(node: Node) -> Iterator[np.ndarray]:
    """Yield the sets of a tree."""
    if isinstance(node, One):
        yield node.mask
    for each in node.items if isinstance(node, Row | Choice) else (node.item,) if isinstance(node, Repeat) else ():
        yield from sets(each)


def has_edge(node: Node) -> bool:
    """Tell whether a word boundary is anywhere in a tree."""
    inside = node.items if isinstance(node, Row | Choice) else (node.item,) if isinstance(node, Repeat) else ()
    return isinstance(node, Edge) or any(map(has_edge, inside))


def shortest(node: Node) -> int:
    """Return the least number of characters that a tree matches."""
    if isinstance(node, Row):
        return sum(map(shortest, node.items))
    if isinstance(node, Choice):
        return min(map(shortest, node.items))
    return node.low * shortest(node.item) if isinstance(node, Repeat) else int(isinstance(node, One))


def row(items: tuple[Node, ...]) -> Node:
    """Return nodes as one, rows within it flat."""
    flat = tuple(inner for each in items for inner in (each.items if isinstance(each, Row) else (each,)))
    return flat[0] if len(flat) == 1 else Row(flat)


def choice(items: tuple[Node, ...]) -> Node:
    """Return alternatives as one node."""
    return items[0] if len(items) == 1 else Choice(items)


def _row(found: Any, flags: int, *, is_whole: bool = False) -> Node:
    alone = [each for each in found if each != (_constants.AT, _constants.AT_BOUNDARY)]
    return row(tuple(_node(kind, value, flags, is_whole=is_whole and len(alone) == 1) for kind, value in found))


def _node(kind: Any, value: Any, flags: int, *, is_whole: bool) -> Node:
    if kind in _SINGLE:
        return One(_set(_hashable(kind, value), flags))
    if (kind, value) == (_constants.AT, _constants.AT_BOUNDARY):
        return Edge(_set((_constants.IN, ((_constants.CATEGORY, _constants.CATEGORY_WORD),)), flags))
    if kind is _constants.BRANCH:
        return Choice(tuple(_row(each, flags, is_whole=False) for each in value[1]))
    if kind is _constants.SUBPATTERN:
        group, added, removed, inside = value
        if group is not None and not is_whole:
            raise NotTranslated("a group that is not all of the match: RE2 finds whole matches")
        return _row(inside, (flags | added) & ~removed, is_whole=group is None and is_whole)
    if kind in _REPEATS:
        low, high, inside = value
        item = _row(inside, flags)
        if not shortest(item):
            raise NotTranslated("a repetition of what may be empty")
        return Repeat(item, int(low), None if high is _constants.MAXREPEAT else int(high), _REPEATS[kind])
    raise NotTranslated(f"{_NAMES.get(kind, str(kind).lower())}, which RE2 does not have")


def _hashable(kind: Any, value: Any) -> tuple[Any, Any]:
    return (kind, tuple(value) if isinstance(value, list) else value)


@cache
def _set(single: tuple[Any, Any], flags: int) -> np.ndarray:
    """Return the set of a pattern of one character, by asking Python about each of them."""
    kind, value = single
    state = _parser.State()
    state.flags = flags
    one = _parser.SubPattern(state, [(kind, list(value) if isinstance(value, tuple) else value)])
    runs = _parser.SubPattern(state, [(_constants.MAX_REPEAT, (1, _constants.MAXREPEAT, one))])
    pattern: re.Pattern[str] = _compiler.compile(runs)
    return code_points.found_by(pattern)
