"""LightGBM's text model: a header of `name=value` lines, one such block for each tree, and what may follow.

    tree
    version=v4
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
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from converter_lightgbm.objectives import Objective
from converter_lightgbm.trees import CATEGORICAL, Trees, rounded_down, trees_of


@dataclass(frozen=True, eq=False)
class ModelText:
    """A text model that was read and found whole."""

    text: str
    """As it is for LightGBM to read: without the parameters of its training, which answer nothing, and of which damaged ones kill LightGBM."""
    header: Mapping[str, str]
    trees: Trees

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.header["feature_names"].split(" "))

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return int(self.header["max_feature_idx"]) + 1

    @cached_property
    def objective(self) -> Objective:
        """What it was trained for."""
        return Objective.of(self.header.get("objective", ""))

    @property
    def scores(self) -> int:
        """How many numbers the trees give for a row: one, or one a class. Each iteration has as many trees."""
        return scores_of(self.header)

    @property
    def averages(self) -> bool:
        """Whether the prediction is the trees' mean, as a random forest's, and not their sum."""
        return "average_output" in self.header


def header_of(text: str) -> dict[str, str]:
    """Return the header's names and values."""
    end = text.find("\nTree=")
    return _fields(text[: end if end >= 0 else len(text)].splitlines())


def scores_of(header: Mapping[str, str]) -> int:
    """Return how many trees an iteration has; the oldest format says it by the number of classes alone."""
    return int(header.get("num_tree_per_iteration", header["num_class"]))


def read(text: str) -> ModelText:
    """Read a text model; raises ValueError with the place of the fault where it is cut off or damaged."""
    text = text.replace("\r\n", "\n")
    end = _end_of_trees(text)
    header = header_of(text)
    width = _width(header)
    blocks = text[:end].split("\nTree=")[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # by which older NumPy says that a number is none
        trees = trees_of([_fields(block.split("\n")) for block in blocks], width)
    _check_sizes(header, blocks)
    if len(blocks) % scores_of(header):
        raise ValueError(f"{len(blocks)} trees do not make whole iterations of {scores_of(header)}")
    return ModelText(_without_parameters(text, end), header, trees)


def with_float32_thresholds(text: str) -> str:
    """Return the model with every threshold rounded down to float32.

    For x of float32 `x <= t` is `x <= the largest float32 that is not above t`: the model answers the same.
    """
    start = text.index("\nTree=") if "\nTree=" in text else len(text)
    header = re.sub(r"^tree_sizes=.*\n?", "", text[:start], flags=re.MULTILINE)  # the blocks change their sizes
    return header + re.sub(r"^threshold=(.*)\n((?:.*\n)*?)decision_type=(.*)$", _rounded, text[start:], flags=re.MULTILINE)


_NUMBER = r"[-+]?(\d[\d.]*(e[-+]?\d+)?|inf|nan)"
_INFO = re.compile(rf"none|\[{_NUMBER}:{_NUMBER}\]|-?\d+(:-?\d+)*")  # of no use, a range, categories


def _rounded(found: re.Match[str]) -> str:
    thresholds, decisions = (np.array(each.split(), np.float64) for each in (found[1], found[3]))
    kept = np.where(decisions.astype(np.int64) & CATEGORICAL, thresholds, rounded_down(thresholds))
    return f"threshold={' '.join(f'{value:.17g}' for value in kept)}\n{found[2]}decision_type={found[3]}"


def _fields(lines: Sequence[str]) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _end_of_trees(text: str) -> int:
    for end in ("\nend of trees", "\n\nfeature importances:"):  # LightGBM before 2.2 wrote no line of its own
        if (place := text.rfind(end)) >= 0:
            return place
    raise ValueError("the line 'end of trees' is missing")


def _without_parameters(text: str, end_of_trees: int) -> str:
    start = text.find("\nparameters:", end_of_trees)
    if start < 0:
        return text
    end = text.find(_END_OF_PARAMETERS, start)
    if end < 0:
        raise ValueError("the line 'end of parameters' is missing")
    return text[:start] + text[end + len(_END_OF_PARAMETERS) :]


_END_OF_PARAMETERS = "\nend of parameters\n"


def _width(header: Mapping[str, str]) -> int:
    for name in ("feature_names", "feature_infos", "max_feature_idx", "num_class"):
        if name not in header:
            raise ValueError(f"the header has no {name}")
    width = int(header["max_feature_idx"]) + 1
    if len(header["feature_names"].split(" ")) != width or len(header["feature_infos"].split(" ")) != width:
        raise ValueError(f"the header does not describe {width} features")
    if (strange := next((info for info in header["feature_infos"].split(" ") if not _INFO.fullmatch(info)), None)) is not None:
        raise ValueError(f"the header describes a feature as '{strange}'")
    if header.get("objective") == "" or scores_of(header) < 1:
        raise ValueError("the header's objective or num_tree_per_iteration is empty")
    return width


def _check_sizes(header: Mapping[str, str], blocks: Sequence[str]) -> None:
    """Blocks must have the bytes that the header says: LightGBM jumps by them, and dies where it lands elsewhere."""
    if "tree_sizes" not in header:
        return
    announced = [int(size) for size in header["tree_sizes"].split()]
    if len(announced) != len(blocks):
        raise ValueError(f"{len(blocks)} of {len(announced)} trees are there")
    for number, (size, block) in enumerate(zip(announced, blocks, strict=True)):
        found = len("Tree=") + (len(block) if block.isascii() else len(block.encode())) + len("\n")
        if size != found:
            raise ValueError(f"tree {number} has {found} bytes, the header says {size}")
