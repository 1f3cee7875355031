"""Sets of categories as thresholds: a node that asks for a set becomes a balanced search over its runs of neighbouring categories.

    {3, 4, 9} has the runs 3–4 and 9, and the limits 2, 4, 8, 9: x is no member up to 2, a member up to 4, none up to 8, a member up to 9, none above.

The ends of a search share the node's two children. ONNX Runtime lays a node's false child behind it, so a child that is shared may hang from one false
edge only, and that must be the first of a walk that prefers false edges: the end above the last limit. Any other end on a false edge gets a node
between, which repeats the limit above the end and is always true there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from converter.trees.ensemble import Bools, Comparison, Ensemble, Floats, Ints
from converter.trees.layout import arranged, spans, tree_of_nodes
from converter.trees.rounding import toward

_MEMBER, _OTHER, _ITSELF = -1, -2, -3  # children of a search's node: the asking node's yes, its no, none since it is a leaf that nothing reaches


@dataclass(frozen=True, eq=False)
class _Searches:
    """The nodes of a search for each set, one search after the other, each beginning with its root. Children count from there, or are one of the above."""

    starts: Ints
    """[searches + 1]"""
    thresholds: Floats
    yes: Ints
    no: Ints
    takes_missing: Bools
    """Whether NaN goes to yes on its way to the members."""


def without_sets(ensemble: Ensemble, dtype: np.dtype[Any]) -> Ensemble:
    """Return the ensemble with thresholds that the dtype can hold in place of sets.

    Columns of categories must hold whole numbers, infinities or NaN.
    """
    asking = np.nonzero(~ensemble.is_leaf & (ensemble.sets >= 0))[0] if ensemble.sets is not None else np.empty(0, np.int64)
    plain = replace(ensemble, sets=None, set_starts=None, set_members=None)
    if ensemble.sets is None or not len(asking):
        return plain
    searches = _searches(*_limits(ensemble, dtype))
    which = ensemble.sets[asking]
    sizes = np.diff(searches.starts)[which]
    owner = np.repeat(asking, sizes)
    number = spans(np.zeros_like(sizes), sizes)
    behind = np.repeat(ensemble.nodes + np.cumsum(sizes - 1) - sizes, sizes)  # all but the roots of searches go behind the nodes that are there
    place = np.where(number == 0, owner, behind + number)
    source = spans(searches.starts[which], sizes)

    def child(children: Ints) -> Ints:
        ends = [children[source] == end for end in (_MEMBER, _OTHER, _ITSELF)]
        return np.select(ends, [ensemble.yes[owner], ensemble.no[owner], place], behind + children[source])

    wide = _with_room(plain, len(place) - len(asking))
    wide.features[place] = ensemble.features[owner]
    wide.thresholds[place] = searches.thresholds[source]
    wide.missing[place] = searches.takes_missing[source] & ensemble.missing[owner]
    wide.yes[place], wide.no[place] = child(searches.yes), child(searches.no)
    tree = np.concatenate([tree_of_nodes(ensemble), tree_of_nodes(ensemble)[owner[number > 0]]])
    order = np.argsort(tree, kind="stable")
    return arranged(wide, order, np.searchsorted(tree[order], np.arange(ensemble.trees)))


def _with_room(ensemble: Ensemble, count: int) -> Ensemble:
    """A copy with that many nodes more at its end, which are to be filled."""

    def longer(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.concatenate([array, np.zeros(count, array.dtype)])

    return replace(
        ensemble,
        features=longer(ensemble.features),
        thresholds=longer(ensemble.thresholds),
        yes=longer(ensemble.yes),
        no=longer(ensemble.no),
        missing=longer(ensemble.missing),
        leaf_starts=np.concatenate([ensemble.leaf_starts, np.full(count, ensemble.leaf_starts[-1])]),
        covers=None,
    )


def _limits(ensemble: Ensemble, dtype: np.dtype[Any]) -> tuple[Floats, Ints]:
    """Return the limits of all sets, set by set, and where each set's begin, [sets + 1]; a set without members has one run without members."""
    assert ensemble.set_starts is not None
    assert ensemble.set_members is not None
    counts = np.diff(ensemble.set_starts)
    owner, members = np.repeat(np.arange(len(counts)), counts), ensemble.set_members
    continues = np.zeros(len(members) + 1, bool)
    continues[1:-1] = (owner[1:] == owner[:-1]) & (members[1:] == members[:-1] + 1)
    first, last = ~continues[:-1], ~continues[1:]
    empty = np.nonzero(counts == 0)[0]
    runs = np.stack([np.append(members[first] - 1, np.zeros_like(empty)), np.append(members[last], np.zeros_like(empty))], axis=1)
    sets = np.append(owner[first], empty)
    order = np.argsort(sets, kind="stable")
    limits = runs[order].ravel().astype(np.float64) + (ensemble.comparison is Comparison.LT)
    starts = np.append(0, 2 * np.cumsum(np.bincount(sets, minlength=len(counts))))
    return toward(limits, ensemble.comparison, dtype), starts


def _searches(limits: Floats, starts: Ints) -> _Searches:
    """Return searches whose every step halves the limits that are left."""
    counts = np.diff(starts)
    yes, no = _halving(starts)
    place, owner = spans(np.zeros_like(counts), counts), np.repeat(np.arange(len(counts)), counts)
    needs = np.nonzero((no < 0) & (place < counts[owner] - 1))[0]
    many = np.bincount(owner[needs], minlength=len(counts))
    sizes = counts + 2 * many
    between = np.repeat(counts, many) + 2 * spans(np.zeros_like(many), many)  # the place of a node between; its leaf that nothing reaches follows
    ends, no[needs] = no[needs], between
    owners = np.concatenate([owner, owner[needs], owner[needs]])
    places = np.concatenate([place, between, between + 1])
    root = (counts - 1) // 2
    begin = np.append(0, np.cumsum(sizes))
    order = begin[owners] + (places - root[owners]) % sizes[owners]  # turned, so that the root comes first

    def laid(*parts: Any) -> np.ndarray[Any, Any]:
        values = np.concatenate([np.broadcast_to(part, size) for part, size in zip(parts, (len(place), len(needs), len(needs)), strict=True)])
        result = np.empty(len(order), values.dtype)
        result[order] = values
        return result

    def turned(children: Ints) -> Ints:
        inner = laid(owner, owner[needs], owner[needs])
        return np.where(children < 0, children, (children - root[inner]) % sizes[inner])

    return _Searches(
        begin,
        laid(limits, limits[needs + 1], 0.0),
        turned(laid(yes, ends, _ITSELF)),
        turned(laid(no, between + 1, _ITSELF)),
        laid(place >= 1, True, False),
    )


def _halving(starts: Ints) -> tuple[Ints, Ints]:
    """Return for each limit which is asked next if x is not above it, and if it is: places among the set's limits, or ends."""
    yes, no = np.zeros((2, starts[-1]), np.int64)
    sets, low, high = np.arange(len(starts) - 1), np.zeros(len(starts) - 1, np.int64), np.diff(starts) - 1
    while len(sets):
        middle = (low + high) // 2
        at = starts[sets] + middle
        yes[at] = np.where(low < middle, (low + middle - 1) // 2, _end(middle))
        no[at] = np.where(middle < high, (middle + 1 + high) // 2, _end(middle + 1))
        below, above = low < middle, middle < high
        sets, low, high = (
            np.concatenate([sets[below], sets[above]]),
            np.concatenate([low[below], middle[above] + 1]),
            np.concatenate([middle[below] - 1, high[above]]),
        )
    return yes, no


def _end(run: Ints) -> Ints:
    return np.where(run % 2 == 1, _MEMBER, _OTHER)
