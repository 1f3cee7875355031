"""Symmetric trees, as CatBoost grows them: all nodes of a level ask the same, so that what a row answers, one bit a level, numbers its leaf.

level 0          x0 <= 3              the row goes to yes, no, yes: bits 0 1 0
level 1     x1 <= 5   x1 <= 5         its leaf is the third of eight
level 2     x0 <= 1 … four times
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from converter.trees.ensemble import Bools, Comparison, Ensemble, Floats, Ints


@dataclass(frozen=True, eq=False)
class Symmetric:
    """Trees of one depth: what each level of each asks, arrays [levels, trees], and the nodes of their leaves, [trees, 2**levels]."""

    trees: Ints
    """[trees]; their places in the ensemble."""
    features: Ints
    thresholds: Floats
    missing: Bools
    leaves: Ints

    @property
    def levels(self) -> int:
        """How many levels each tree has, its leaves' not counted."""
        return len(self.features)

    @property
    def count(self) -> int:
        """How many trees they are."""
        return len(self.trees)

    def parts(self, most: int) -> Iterator[Symmetric]:
        """Yield the trees in parts of at most so many."""
        for first in range(0, self.count, most):
            here = slice(first, first + most)
            yield Symmetric(self.trees[here], self.features[:, here], self.thresholds[:, here], self.missing[:, here], self.leaves[here])


def symmetric_of(ensemble: Ensemble) -> list[Symmetric] | None:
    """Return the trees by their depth, None unless every one is symmetric, compares numbers, and has a split."""
    trees, at = np.arange(ensemble.trees), ensemble.roots[:, None]
    if ensemble.is_leaf[ensemble.roots].any():
        return None
    asked: list[Ints] = []
    found = []
    while len(trees):
        leaf = ensemble.is_leaf[at]
        ends = leaf.all(axis=1)
        if ends.any():
            first = np.stack([nodes[ends] for nodes in asked])
            found.append(Symmetric(trees[ends], ensemble.features[first], ensemble.thresholds[first], ensemble.missing[first], at[ends]))
        trees, at, asked = trees[~ends], at[~ends], [nodes[~ends] for nodes in asked]
        if leaf[~ends].any() or not _ask_the_same(ensemble, at):
            return None
        asked.append(at[:, 0])
        at = np.stack([ensemble.yes[at], ensemble.no[at]], axis=-1).reshape(len(at), 2 * at.shape[1])
    return found


def _ask_the_same(ensemble: Ensemble, nodes: Ints) -> bool:
    """Whether the nodes of each level [trees, nodes] compare the same, in a way that numbers can be compared, NaN being one above or below all others."""
    same = all((values[nodes] == values[nodes[:, :1]]).all() for values in (ensemble.features, ensemble.thresholds, ensemble.missing))
    is_above_all = ensemble.comparison is Comparison.LEQ and (np.isposinf(ensemble.thresholds[nodes]) & ~ensemble.missing[nodes]).any()
    has_set = ensemble.sets is not None and (ensemble.sets[nodes] >= 0).any()
    return bool(same and not is_above_all and not has_set)
