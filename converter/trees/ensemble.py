"""A tree ensemble as a value, whatever library trained it, and the arithmetic that defines what it means.

value = base + for each tree, from its root:
    at an inner node     x = row[feature]; go to `yes` if x is NaN and `missing`, or x `comparison` threshold, or x is in the node's set; else to `no`
    at a leaf            add the node's weights to its targets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from converter.errors import UsageError

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Comparison(Enum):
    """When a row goes to `yes`."""

    LEQ = "<="
    LT = "<"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Binary trees over the rows of a matrix [batch, width], in float64 as their library has them.

    Nodes of all trees lie one after the other, tree by tree, each tree's root first; children are absolute and lie in the same tree. Several nodes
    may share a leaf. At a leaf `yes` and `no` are the leaf itself; its feature, threshold and missing mean nothing.
    """

    width: int
    targets: int
    roots: Ints
    """[trees], ascending, the first is 0."""
    features: Ints
    """[nodes]"""
    thresholds: Floats
    """[nodes]; at a node with a set meaningless."""
    yes: Ints
    """[nodes]"""
    no: Ints
    """[nodes]"""
    missing: Bools
    """[nodes]; whether NaN goes to `yes`."""
    leaf_starts: Ints
    """[nodes + 1]; where each node's entries in the two arrays below begin; an inner node has none."""
    leaf_targets: Ints
    """[entries]"""
    leaf_weights: Floats
    """[entries]"""
    base: Floats
    """[targets]"""
    comparison: Comparison = Comparison.LEQ
    covers: Floats | None = None
    """[nodes]; how many training rows came by, or their weight; only speed depends on it."""
    sets: Ints | None = None
    """[nodes]; which of the sets below the node asks for, -1 for a threshold; None where no node has one."""
    set_starts: Ints | None = None
    """[sets + 1]"""
    set_members: Ints | None = None
    """[members], ascending in each set; categories from 0 on. A value is a member if it equals one."""

    @property
    def trees(self) -> int:
        """How many trees it has."""
        return len(self.roots)

    @property
    def nodes(self) -> int:
        """How many nodes they have together."""
        return len(self.features)

    @property
    def is_leaf(self) -> Bools:
        """Which nodes are leaves, [nodes]."""
        found: Bools = self.yes == np.arange(self.nodes)
        return found

    def check(self) -> None:
        """See that the arrays fit each other and the nodes form trees; what a library's file says may be damaged.

        Raises:
            UsageError: they do not.
        """
        for fault in _faults(self):
            raise UsageError(f"the tree ensemble is damaged: {fault}", hint="the file may be cut off, or its reader is at fault")


def decide(ensemble: Ensemble, rows: np.ndarray[Any, Any]) -> Ints:
    """Return the leaf node that each row reaches in each tree, int64 [batch, trees]; by the definition, one level at a time."""
    values = np.asarray(rows, np.float64)
    at = np.broadcast_to(ensemble.roots, (len(values), ensemble.trees)).copy()
    while True:
        goes = goes_yes(ensemble, at, values[np.arange(len(values))[:, None], ensemble.features[at]])
        following = np.where(goes, ensemble.yes[at], ensemble.no[at])
        if np.array_equal(following, at):
            return at
        at = following


def scores(ensemble: Ensemble, rows: np.ndarray[Any, Any]) -> Floats:
    """Return what the ensemble says of each row, float64 [batch, targets]."""
    leaves = decide(ensemble, rows)
    found: Floats = np.tile(ensemble.base, (len(leaves), 1))
    counts = np.diff(ensemble.leaf_starts)
    for place in range(int(counts.max(initial=0))):
        has = counts[leaves] > place
        entries = ensemble.leaf_starts[leaves[has]] + place
        np.add.at(found, (np.nonzero(has)[0], ensemble.leaf_targets[entries]), ensemble.leaf_weights[entries])
    return found


def goes_yes(ensemble: Ensemble, nodes: Ints, values: Floats) -> Bools:
    """Return whether rows go to `yes` at nodes where their features have these values; arrays of one shape."""
    compare = np.less_equal if ensemble.comparison is Comparison.LEQ else np.less
    yes: Bools = np.where(np.isnan(values), ensemble.missing[nodes], compare(values, ensemble.thresholds[nodes]))
    if ensemble.sets is None:
        return yes
    asked = ensemble.sets[nodes] >= 0
    yes[asked] = np.where(np.isnan(values[asked]), ensemble.missing[nodes][asked], _members(ensemble, ensemble.sets[nodes][asked], values[asked]))
    return yes


def _members(ensemble: Ensemble, sets: Ints, values: Floats) -> Bools:
    assert ensemble.set_starts is not None
    assert ensemble.set_members is not None
    found = np.zeros(len(values), bool)
    for each in np.unique(sets):
        members = ensemble.set_members[ensemble.set_starts[each] : ensemble.set_starts[each + 1]]
        mine = sets == each
        found[mine] = np.isin(values[mine], members)
    return found


def _faults(ensemble: Ensemble) -> Sequence[str]:
    nodes, numbers = ensemble.nodes, np.arange(ensemble.nodes)
    per_node = (ensemble.thresholds, ensemble.yes, ensemble.no, ensemble.missing, ensemble.covers, ensemble.sets)
    if any(array is not None and len(array) != nodes for array in per_node) or len(ensemble.leaf_starts) != nodes + 1:
        return ["its arrays have different lengths"]
    if not ensemble.trees or ensemble.roots[0] != 0 or (np.diff(ensemble.roots) <= 0).any() or ensemble.roots[-1] >= nodes:
        return ["its trees do not lie one after the other"]
    tree = np.searchsorted(ensemble.roots, numbers, "right")
    children = np.stack([ensemble.yes, ensemble.no])
    if (children < 0).any() or (children >= nodes).any() or (tree[children] != tree).any():
        return ["a child lies outside its tree"]
    if ((ensemble.yes == numbers) != (ensemble.no == numbers)).any():
        return ["a node is its own child on one side"]
    inner = ~ensemble.is_leaf
    if ((ensemble.features < 0) | (ensemble.features >= ensemble.width))[inner].any():
        return [f"a node asks for a feature that is none of the {ensemble.width}"]
    if np.isnan(ensemble.thresholds[inner & (ensemble.sets < 0 if ensemble.sets is not None else True)]).any():
        return ["a threshold is NaN"]
    counts = np.diff(ensemble.leaf_starts)
    if (counts < 0).any() or (counts[inner] != 0).any() or ensemble.leaf_starts[0] != 0:
        return ["its leaves' entries are out of order"]
    if not ensemble.leaf_starts[-1] == len(ensemble.leaf_targets) == len(ensemble.leaf_weights):
        return ["its leaves' entries are not as many as announced"]
    if ((ensemble.leaf_targets < 0) | (ensemble.leaf_targets >= ensemble.targets)).any() or len(ensemble.base) != ensemble.targets:
        return [f"a leaf adds to a target that is none of the {ensemble.targets}"]
    if (np.bincount(children[:, inner].ravel(), minlength=nodes) > 1)[inner].any():
        return ["two nodes share a child that is no leaf"]
    if _has_circle(ensemble):
        return ["its nodes run in a circle"]
    return _faults_of_sets(ensemble)


def _faults_of_sets(ensemble: Ensemble) -> Sequence[str]:
    if ensemble.sets is None:
        return []
    starts, members = ensemble.set_starts, ensemble.set_members
    if starts is None or members is None:
        return ["its sets have no members"]
    if not len(starts) or starts[0] != 0 or starts[-1] != len(members) or (np.diff(starts) < 0).any() or (ensemble.sets >= len(starts) - 1).any():
        return ["its sets are not as many as announced"]
    begins = np.zeros(len(members) + 1, bool)
    begins[starts] = True
    if (members < 0).any() or ((np.diff(members) <= 0) & ~begins[1:-1]).any():
        return ["the members of a set are negative or not ascending"]
    return []


def _has_circle(ensemble: Ensemble) -> bool:
    """Whether some node is reached from itself: nodes whose children are all settled are settled, until nothing changes."""
    settled = ensemble.is_leaf.copy()
    while True:
        more = settled | (settled[ensemble.yes] & settled[ensemble.no])
        if np.array_equal(more, settled):
            return not settled.all()
        settled = more
