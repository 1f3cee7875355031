"""LightGBM's text model: a header of `name=value` lines, one such block for each tree, and what may follow.

    tree
    feature_names=…            feature_infos=[-1.5:3.25] none 0:1:2
    tree_sizes=…               bytes of each block

    Tree=0
    num_leaves=3               children: an inner node's number, or -1 - leaf
    split_feature=0 4          threshold=0.5 0      for categories: which of the tree's sets
    decision_type=2 9          bit 0: categories; bit 1: missing goes left; bits 2 and 3: what is missing
    …
    end of trees

LightGBM itself crashes on damaged text, so it is read here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

CATEGORICAL = 1
MISSING_ZERO, MISSING_NAN = 1, 2  # values of decision_type's bits 2 and 3
_WORD = 32  # bits of a category set's word


@dataclass(frozen=True)
class Splits:
    """Every split of a model: its feature, its threshold (float64; for categories meaningless) and its decision type; arrays [splits]."""

    features: np.ndarray
    thresholds: np.ndarray
    decisions: np.ndarray

    @property
    def categorical(self) -> np.ndarray:
        """Which splits ask for categories, bool [splits]."""
        return np.asarray(self.decisions & CATEGORICAL, bool)

    @property
    def missing(self) -> np.ndarray:
        """What each split takes for missing: 0 nothing, MISSING_ZERO, MISSING_NAN; int [splits]."""
        return (self.decisions >> 2) & 3


@dataclass(frozen=True)
class ModelText:
    """A text model that was read and found whole."""

    text: str
    header: Mapping[str, str]
    splits: Splits

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.header["feature_names"].split(" "))

    @property
    def objective(self) -> str:
        """The objective's name; "" where it was the user's own function."""
        return self.header.get("objective", "").partition(" ")[0]

    @property
    def trees(self) -> int:
        """How many trees it has."""
        return len(_blocks(self.text))


def read(text: str) -> ModelText:
    """Read a text model; raises ValueError with the place of the fault where it is cut off or damaged."""
    text = text.replace("\r\n", "\n")
    if "\nend of trees\n" not in f"{text}\n":
        raise ValueError("the line 'end of trees' is missing")
    header = _fields(text.partition("\nTree=")[0])
    for name in ("feature_names", "feature_infos", "max_feature_idx", "num_class"):
        if name not in header:
            raise ValueError(f"the header has no {name}")
    width = int(header["max_feature_idx"]) + 1
    if len(header["feature_names"].split(" ")) != width or len(header["feature_infos"].split(" ")) != width:
        raise ValueError(f"the header does not describe {width} features")
    if header.get("objective") == "" or int(header.get("num_tree_per_iteration", "1")) < 1:
        raise ValueError("the header's objective or num_tree_per_iteration is empty")
    blocks = _blocks(text)
    splits = _joined(_splits(block, number, width) for number, block in enumerate(blocks))
    _check_sizes(header, blocks)
    return ModelText(text, header, splits)


def with_float32_thresholds(text: str) -> str:
    """Return the model with every threshold rounded down to float32.

    For x of float32 `x <= t` is `x <= the largest float32 that is not above t`: the model answers the same.
    """
    start = text.index("\nTree=") if "\nTree=" in text else len(text)
    header = re.sub(r"^tree_sizes=.*\n?", "", text[:start], flags=re.MULTILINE)  # the blocks change their sizes
    return header + re.sub(r"^threshold=(.*)\n((?:.*\n)*?)decision_type=(.*)$", _rounded, text[start:], flags=re.MULTILINE)


def _rounded(found: re.Match[str]) -> str:
    thresholds, decisions = _numbers(found[1]), _numbers(found[3]).astype(np.int64)
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    down = np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float64)
    kept = np.where(decisions & CATEGORICAL, thresholds, down)
    return f"threshold={' '.join(f'{value:.17g}' for value in kept)}\n{found[2]}decision_type={found[3]}"


def _blocks(text: str) -> list[str]:
    return text.partition("\nend of trees")[0].split("\nTree=")[1:]


def _fields(block: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in block.split("\n"))}


def _check_sizes(header: Mapping[str, str], blocks: list[str]) -> None:
    """Blocks must have the bytes that the header says: LightGBM jumps by them, and dies where it lands elsewhere."""
    if "tree_sizes" not in header:
        return
    announced = [int(size) for size in header["tree_sizes"].split()]
    if len(announced) != len(blocks):
        raise ValueError(f"{len(blocks)} of {len(announced)} trees are there")
    for number, (size, block) in enumerate(zip(announced, blocks, strict=True)):
        if size != (found := len(f"Tree={block}\n".encode())):
            raise ValueError(f"tree {number} has {found} bytes, the header says {size}")


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), np.float64)


def _splits(block: str, number: int, width: int) -> Splits:
    """Return the splits of one tree; raises ValueError where they cannot be a tree."""
    fields = _fields(block)
    try:
        leaves = int(fields["num_leaves"])
        values = _numbers(fields["leaf_value"])
        arrays = [_numbers(fields.get(name, "")) for name in ("split_feature", "threshold", "decision_type", "left_child", "right_child")]
    except KeyError as error:
        raise ValueError(f"tree {number} has no {error.args[0]}") from None
    except ValueError as error:
        raise ValueError(f"tree {number}: {error}") from None
    if leaves < 1 or len(values) != leaves or any(len(array) != leaves - 1 for array in arrays):
        raise ValueError(f"tree {number} does not have the {leaves} leaves and {leaves - 1} splits that it announces")
    features, thresholds, decisions, left, right = arrays
    children = np.sort(np.concatenate([left, right]))
    if leaves > 1 and not np.array_equal(children, np.setdiff1d(np.arange(-leaves, leaves - 1), [0])):
        raise ValueError(f"tree {number}: its nodes do not form a tree")
    if ((features < 0) | (features >= width)).any():
        raise ValueError(f"tree {number} asks for a feature that is none of the {width}")
    splits = Splits(features.astype(np.int64), thresholds, decisions.astype(np.int64))
    _check_categories(fields, splits, number)
    return splits


def _check_categories(fields: Mapping[str, str], splits: Splits, number: int) -> None:
    chosen = splits.thresholds[splits.categorical]
    announced = int(fields.get("num_cat", "0") or -1)
    if not announced and not len(chosen):
        return
    bounds, words = _numbers(fields.get("cat_boundaries", "")), _numbers(fields.get("cat_threshold", ""))
    sound = len(bounds) == announced + 1 > 1 and bounds[0] == 0 and (np.diff(bounds) >= 0).all() and bounds[-1] == len(words)
    if not sound or ((chosen < 0) | (chosen >= len(bounds) - 1)).any():
        raise ValueError(f"tree {number}: its sets of categories are damaged")


def _joined(parts: Iterable[Splits]) -> Splits:
    several = list(parts)
    if not several:
        return Splits(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))
    return Splits(*(np.concatenate([getattr(each, name) for each in several]) for name in ("features", "thresholds", "decisions")))
