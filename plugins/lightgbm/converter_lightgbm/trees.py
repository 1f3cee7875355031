"""The trees of a text model as arrays, and the checks that they are trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Fields = Mapping[str, str]

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of decision_type
MISSING_ZERO, MISSING_NAN = 1, 2  # values of its bits 2 and 3
ZERO = float(np.float32(1e-35))
"""LightGBM reads values up to here, of either sign, as 0 (kZeroThreshold)."""
_WORD = 32  # bits of a category set's word


@dataclass(frozen=True, eq=False)
class Linear:
    """The linear functions at the leaves: constant + Σ coefficient · feature; the leaf's value where one of its features is NaN."""

    constants: Floats
    """[leaves]"""
    counts: Ints
    """[leaves]; how many features each asks for."""
    features: Ints
    """[terms]"""
    coefficients: Floats
    """[terms]"""


@dataclass(frozen=True, eq=False)
class Trees:
    """Every tree, one after the other. A child is an inner node's number in its tree, or -1 - leaf."""

    leaves: Ints
    """[trees]; how many leaves each has; it has one split less."""
    features: Ints
    """[splits]"""
    thresholds: Floats
    """[splits]; for categories meaningless."""
    decisions: Ints
    """[splits]; decision_type."""
    left: Ints
    """[splits]"""
    right: Ints
    """[splits]"""
    values: Floats
    """[leaves]"""
    split_rows: Ints | None
    """[splits]; how many training rows came by; None where some tree does not say."""
    leaf_rows: Ints | None
    """[leaves]"""
    sets: Ints
    """[splits]; which of the sets below goes left; -1 where the split is no categories'."""
    set_starts: Ints
    """[sets + 1]"""
    set_members: Ints
    """[members]"""
    linear: Linear | None
    """None where no leaf has a function of its own."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.leaves)

    @property
    def categorical(self) -> Bools:
        """Which splits ask for categories, [splits]."""
        return np.asarray(self.decisions & CATEGORICAL, bool)

    @property
    def default_left(self) -> Bools:
        """Which splits send what is missing left, [splits]."""
        return np.asarray(self.decisions & DEFAULT_LEFT, bool)

    @property
    def missing(self) -> Ints:
        """What each split takes for missing: 0 nothing, MISSING_ZERO, MISSING_NAN; [splits]."""
        return (self.decisions >> 2) & 3

    @property
    def of_splits(self) -> Ints:
        """The tree of each split, [splits]."""
        return np.repeat(np.arange(len(self)), self.leaves - 1)

    @property
    def of_leaves(self) -> Ints:
        """The tree of each leaf, [leaves]."""
        return np.repeat(np.arange(len(self)), self.leaves)


def trees_of(blocks: Sequence[Fields], width: int) -> Trees:
    """Return the trees of a text's blocks; raises ValueError with the number of the tree that is none, or that asks for no feature of `width`."""
    leaves = np.array([_leaves(fields, number) for number, fields in enumerate(blocks)], np.int64)
    for number, (fields, count) in enumerate(zip(blocks, leaves.tolist(), strict=True)):
        _check_unread(fields, count, number)
    several = _Blocks(blocks, leaves)
    decisions = several.per_split("decision_type", np.int64)
    thresholds = several.per_split("threshold", np.float64)
    sets = _sets(blocks, np.repeat(np.arange(len(blocks)), leaves - 1), np.where(decisions & CATEGORICAL, thresholds, -1))
    found = Trees(
        leaves,
        several.per_split("split_feature", np.int64),
        thresholds,
        decisions,
        several.per_split("left_child", np.int64),
        several.per_split("right_child", np.int64),
        several.per_leaf("leaf_value", np.float64),
        several.per_split("internal_count", np.int64) if all("internal_count" in each for each in blocks) else None,
        several.per_leaf("leaf_count", np.int64) if all("leaf_count" in each for each in blocks) else None,
        *sets,
        _linear(several, width) if any(_is_linear(fields) for fields in blocks) else None,
    )
    _check(found, width)
    return found


def above_zero(thresholds: Floats) -> Floats:
    """Return thresholds that decide a row as it is as LightGBM's decide it once the values that it reads as 0 are 0."""
    beyond_zero = np.where(thresholds < 0, np.nextafter(-ZERO, -np.inf), ZERO)
    return np.where(np.abs(thresholds) <= ZERO, beyond_zero, thresholds)


def rounded_down(thresholds: Floats) -> Floats:
    """Return the largest float32 that is not above each threshold, as float64."""
    exact = above_zero(thresholds)
    with np.errstate(over="ignore"):
        nearest = exact.astype(np.float32)
    return np.where(nearest > exact, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float64)


@dataclass(frozen=True)
class _Blocks:
    """The blocks of a text, whose fields become one array each."""

    blocks: Sequence[Fields]
    leaves: Ints

    def per_leaf(self, name: str, dtype: type) -> Any:
        return self.joined(name, dtype, self.leaves)

    def per_split(self, name: str, dtype: type) -> Any:
        return self.joined(name, dtype, self.leaves - 1)

    def joined(self, name: str, dtype: type, counts: Ints) -> Any:
        """Return a field's numbers, of as many as `counts` says for each tree."""
        parts = []
        for number, (fields, count) in enumerate(zip(self.blocks, counts.tolist(), strict=True)):
            if count and name not in fields:
                raise ValueError(f"tree {number} has no {name}")
            parts.append(found := _numbers(fields.get(name, ""), np.int32 if dtype is np.int64 else dtype, number))
            if len(found) != count:
                raise ValueError(f"tree {number} has {len(found)} numbers in {name} and should have {count}")
        return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)


def _numbers(text: str, dtype: type, number: int) -> np.ndarray[Any, Any]:
    try:
        return np.fromstring(text.strip(), dtype, sep=" ")  # which finds a number in spaces alone
    except (ValueError, DeprecationWarning):
        shown = next((word for word in text.split() if not _is_number(word)), text[:40])
        raise ValueError(f"tree {number}: '{shown}' is no number") from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _whole(fields: Fields, name: str, number: int) -> int:
    if name not in fields:
        raise ValueError(f"tree {number} has no {name}")
    try:
        return int(fields[name])
    except ValueError:
        raise ValueError(f"tree {number}: '{fields[name]}' is no number") from None


def _leaves(fields: Fields, number: int) -> int:
    leaves = _whole(fields, "num_leaves", number)
    if leaves < 1:
        raise ValueError(f"tree {number} announces {leaves} leaves")
    return leaves


def _check_unread(fields: Fields, leaves: int, number: int) -> None:
    """See that what only LightGBM reads looks like as many numbers as there should be: it dies on other text."""
    for name, fewer in _UNREAD.items():
        text = fields.get(name, "").strip()
        if strange := text.encode().translate(None, _OF_NUMBERS):
            raise ValueError(f"tree {number}: '{chr(strange[0])}' in {name} belongs to no number")
        if text and text.count(" ") + 1 != leaves - fewer:
            raise ValueError(f"tree {number} has {text.count(' ') + 1} numbers in {name} and should have {leaves - fewer}")


_UNREAD = {"split_gain": 1, "internal_value": 1, "internal_weight": 1, "leaf_weight": 0}  # and how many fewer than leaves there are
_OF_NUMBERS = b"0123456789+-.e infa"


def _sets(blocks: Sequence[Fields], trees: Ints, asked: Floats) -> tuple[Ints, Ints, Ints]:
    """Return which set of all each split asks for (-1: none), where each set's members start, and the members.

    `asked` is which of its tree's sets each split asks for.
    """
    firsts, bounds, words = [], [np.zeros(1, np.int64)], [np.empty(0, np.uint32)]
    count = length = 0
    for number, fields in enumerate(blocks):
        firsts.append(count)
        announced = _whole(fields, "num_cat", number)
        if not announced:
            continue
        inside, bits = _set_words(fields, announced, number)
        bounds.append(inside[1:] + length)
        words.append(bits)
        count, length = count + len(inside) - 1, length + len(bits)
    sizes = np.diff([*firsts, count])[trees]
    wrong = (asked != np.floor(asked)) | (asked >= sizes) | (asked < -1)
    if wrong.any():
        raise ValueError(f"tree {trees[np.argmax(wrong)]}: its sets of categories are damaged")
    sets = np.where(asked >= 0, np.array(firsts, np.int64)[trees] + asked, -1).astype(np.int64)
    return sets, *_members(np.concatenate(bounds), np.concatenate(words))


def _set_words(fields: Fields, announced: int, number: int) -> tuple[Ints, np.ndarray[Any, np.dtype[np.uint32]]]:
    bounds = _numbers(fields.get("cat_boundaries", ""), np.int64, number)
    words = _numbers(fields.get("cat_threshold", ""), np.int64, number)
    sound = len(bounds) == announced + 1 > 1 and bounds[0] == 0 and (np.diff(bounds) >= 0).all() and bounds[-1] == len(words)
    if not sound or (words < 0).any() or (words >= 1 << _WORD).any():
        raise ValueError(f"tree {number}: its sets of categories are damaged")
    return bounds, words.astype(np.uint32)


def _members(bounds: Ints, words: np.ndarray[Any, np.dtype[np.uint32]]) -> tuple[Ints, Ints]:
    """Return where each set's members start, and the members, of the bits of the sets' words."""
    bits = np.nonzero(np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little"))[0]
    starts = np.searchsorted(bits, bounds * _WORD)
    return starts, bits - np.repeat(bounds[:-1] * _WORD, np.diff(starts))


def _is_linear(fields: Fields) -> bool:
    return fields.get("is_linear", "0").strip() == "1"


def _linear(blocks: _Blocks, width: int) -> Linear:
    """Return the leaves' functions; a tree without such has its leaves' values as constants."""
    several = _Blocks([_with_function(each, int(count)) for each, count in zip(blocks.blocks, blocks.leaves, strict=True)], blocks.leaves)
    counts = several.per_leaf("num_features", np.int64)
    firsts = np.cumsum(blocks.leaves) - blocks.leaves
    terms = np.add.reduceat(np.maximum(counts, 0), firsts)
    found = Linear(
        several.per_leaf("leaf_const", np.float64),
        counts,
        several.joined("leaf_features", np.int64, terms),
        several.joined("leaf_coeff", np.float64, terms),
    )
    if (counts < 0).any() or ((found.features < 0) | (found.features >= width)).any():
        raise ValueError(f"a leaf's linear function asks for a feature that is none of the {width}")
    return found


def _with_function(fields: Fields, leaves: int) -> Fields:
    if _is_linear(fields) and fields.get("num_features"):
        return fields
    constant = fields.get("leaf_const", "") if _is_linear(fields) else fields["leaf_value"]
    return {**fields, "leaf_const": constant, "num_features": " ".join(["0"] * leaves), "leaf_features": "", "leaf_coeff": ""}


def _check(trees: Trees, width: int) -> None:
    of_splits = trees.of_splits
    outside = (trees.features < 0) | (trees.features >= width)
    if outside.any():
        raise ValueError(f"tree {of_splits[np.argmax(outside)]} asks for a feature that is none of the {width}")
    nan = np.isnan(trees.thresholds)
    if nan.any():
        raise ValueError(f"tree {of_splits[np.argmax(nan)]} has a threshold that is no number")
    if (fault := _no_tree(trees)) is not None:
        raise ValueError(f"tree {fault}: its nodes do not form a tree")


def _no_tree(trees: Trees) -> int | None:
    """Return the number of a tree of which some node is not reached from the root by exactly one way; None where there is none."""
    of_splits = trees.of_splits
    splits = trees.leaves - 1
    outside = np.zeros(len(of_splits), bool)
    for children in (trees.left, trees.right):
        outside |= (children >= splits[of_splits]) | (children < -trees.leaves[of_splits])
    if outside.any():
        return int(of_splits[np.argmax(outside)])
    sizes = 2 * trees.leaves - 1
    starts = np.cumsum(sizes) - sizes
    own = starts[of_splits] + np.arange(len(of_splits)) - (np.cumsum(splits) - splits)[of_splits]
    parents, ways = np.repeat(starts, sizes), np.zeros(int(sizes.sum()), np.int64)
    ways[starts] = 1  # the root is reached as it is
    for children in (trees.left, trees.right):
        places = starts[of_splits] + np.where(children >= 0, children, splits[of_splits] - 1 - children)
        parents[places] = own
        ways += np.bincount(places, minlength=len(ways))
    for _ in range(int(trees.leaves.max(initial=0)).bit_length()):  # twice as far up each time; what runs in a circle never comes to the root
        parents = parents[parents]
    wrong = (ways != 1) | (parents != np.repeat(starts, sizes))
    return int(np.searchsorted(starts, np.argmax(wrong), "right") - 1) if wrong.any() else None
