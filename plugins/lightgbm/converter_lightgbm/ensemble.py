"""The trees as converter's neutral ensemble, over a matrix to which the columns that LightGBM reads in its own way are added.

the model's columns │ the columns asked for categories, whole │ the columns in which 0 is missing, as NaN
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.trees import Ensemble
from converter.writing import Document
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.trees import MISSING_NAN, MISSING_ZERO, ZERO, Bools, Floats, Ints, Trees, above_zero


@dataclass(frozen=True, eq=False)
class Matrix:
    """The matrix that the trees read: `width` columns of the model's, those of its features asked for categories, those whose 0 is missing."""

    width: int
    categories: Ints
    """[categorical features], ascending."""
    zeros: Ints
    """[features whose 0 is missing], ascending."""

    @classmethod
    def of(cls, trees: Trees, width: int) -> Matrix:
        """Return the matrix of some trees."""
        return cls(width, np.unique(trees.features[trees.categorical]), np.unique(trees.features[_asks_for_zero(trees)]))

    @property
    def columns(self) -> int:
        """How many it has."""
        return self.width + len(self.categories) + len(self.zeros)

    @property
    def sources(self) -> Ints:
        """The model's column that each is made of, [columns]."""
        return np.concatenate([np.arange(self.width), self.categories, self.zeros])

    def places(self, trees: Trees) -> Ints:
        """Return the column that each split reads, [splits]."""
        whole = self.width + np.searchsorted(self.categories, trees.features)
        without_zero = self.width + len(self.categories) + np.searchsorted(self.zeros, trees.features)
        return np.where(trees.categorical, whole, np.where(_asks_for_zero(trees), without_zero, trees.features))

    def write(self, document: Document, features: str, dtype: str) -> str:
        """Add the columns to the model's own, a matrix [batch, width] of `dtype`."""
        parts = [features]
        if len(self.categories):
            parts.append(_whole(document, document.node("Gather", features, document.constant(self.categories), axis=1), dtype))
        if len(self.zeros):
            parts.append(_without_zero(document, document.node("Gather", features, document.constant(self.zeros), axis=1), dtype))
        return document.node("Concat", *parts, axis=1) if len(parts) > 1 else features


def ensemble_of(text: ModelText, matrix: Matrix, dtype: str) -> Ensemble:
    """Return the ensemble, for rows of `dtype`. Each tree's inner nodes come first, then its leaves, each in LightGBM's order."""
    trees = text.trees
    sizes = 2 * trees.leaves - 1
    roots = np.cumsum(sizes) - sizes
    splits = _places(roots, trees.leaves - 1)
    leaves = _places(roots + trees.leaves - 1, trees.leaves)
    numbers = np.arange(int(sizes.sum()))
    is_leaf = np.isin(numbers, leaves)
    return Ensemble(
        width=matrix.columns,
        targets=text.scores,
        roots=roots,
        features=_put(np.zeros_like(numbers), splits, matrix.places(trees)),
        thresholds=_put(np.zeros(len(numbers)), splits, np.where(trees.categorical, 0, above_zero(trees.thresholds))),
        yes=_put(numbers.copy(), splits, _children(trees, roots, trees.left)),
        no=_put(numbers.copy(), splits, _children(trees, roots, trees.right)),
        missing=_put(np.zeros(len(numbers), bool), splits, _nan_goes_left(trees)),
        leaf_starts=np.concatenate([[0], np.cumsum(is_leaf)]),
        leaf_targets=trees.of_leaves % text.scores,
        leaf_weights=trees.values,
        base=np.zeros(text.scores),
        covers=_covers(trees, splits, leaves, len(numbers)),
        **_sets(trees, splits, len(numbers), dtype),
    )


def leaf_numbers(trees: Trees) -> Ints:
    """Return what LightGBM calls each node of the ensemble that is a leaf, [nodes]."""
    sizes = 2 * trees.leaves - 1
    inside = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.maximum(inside - np.repeat(trees.leaves - 1, sizes), 0)


def _asks_for_zero(trees: Trees) -> Bools:
    """Splits that take 0 for missing and do not send it where its value goes anyway, [splits]."""
    return np.asarray(~trees.categorical & (trees.missing == MISSING_ZERO) & (trees.default_left != (trees.thresholds >= 0)))


def _nan_goes_left(trees: Trees) -> Bools:
    """Where a split asks for no missing values, NaN is 0; no category is NaN."""
    told = (trees.missing == MISSING_NAN) | _asks_for_zero(trees)
    return np.asarray(~trees.categorical & np.where(told, trees.default_left, trees.thresholds >= 0))


def _places(starts: Ints, counts: Ints) -> Ints:
    """Return starts[0], starts[0] + 1, … `counts[0]` times, and so on."""
    return np.arange(int(counts.sum())) + np.repeat(starts - np.cumsum(counts) + counts, counts)


def _children(trees: Trees, roots: Ints, children: Ints) -> Ints:
    of_splits = trees.of_splits
    return roots[of_splits] + np.where(children >= 0, children, trees.leaves[of_splits] - 2 - children)


def _put(array: Any, places: Ints, values: Any) -> Any:
    array[places] = values
    return array


def _covers(trees: Trees, splits: Ints, leaves: Ints, nodes: int) -> Floats | None:
    if trees.split_rows is None or trees.leaf_rows is None:
        return None
    found: Floats = _put(_put(np.zeros(nodes), splits, trees.split_rows), leaves, trees.leaf_rows)
    return found


def _sets(trees: Trees, splits: Ints, nodes: int, dtype: str) -> dict[str, Any]:
    if not trees.categorical.any():
        return {}
    holds = trees.set_members.astype(dtype) == trees.set_members  # a row of float32 has no category that float32 does not
    starts = np.concatenate([[0], np.cumsum(holds)])[trees.set_starts]
    return {"sets": _put(np.full(nodes, -1), splits, trees.sets), "set_starts": starts, "set_members": trees.set_members[holds]}


def _whole(document: Document, columns: str, dtype: str) -> str:
    """Cut off what follows the point: LightGBM takes -0.5 for category 0; what is negative then is no category, rounded either way."""
    below_one = document.node("Less", document.node("Abs", columns), document.constant(np.ones(1, dtype)))
    return document.node("Floor", document.node("Where", below_one, document.constant(np.zeros(1, dtype)), columns))


def _without_zero(document: Document, columns: str, dtype: str) -> str:
    is_zero = document.node("LessOrEqual", document.node("Abs", columns), document.constant(np.array([ZERO], dtype)))
    return document.node("Where", is_zero, document.constant(np.array([np.nan], dtype)), columns)
