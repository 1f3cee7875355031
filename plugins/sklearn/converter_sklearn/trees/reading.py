"""From the trees of scikit-learn to the host's neutral value: nodes as they lie in memory, one concatenation a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.trees import Ensemble

Columns = Sequence[np.ndarray | None]  # of each tree, the columns of the matrix that its features are; None: all


@dataclass(frozen=True, eq=False)
class Nodes:
    """The nodes of trees, one after the other, without what their leaves say."""

    roots: np.ndarray
    fields: dict[str, Any]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.fields["features"])

    @property
    def is_leaf(self) -> np.ndarray:
        """Which nodes are leaves, bool [nodes]."""
        return np.asarray(self.fields["yes"] == np.arange(self.count))

    @property
    def numbers(self) -> np.ndarray:
        """The number of each node in its tree, as `apply` says it: int64 [nodes]."""
        sizes = np.diff(self.roots, append=self.count)
        found: np.ndarray = np.arange(self.count) - np.repeat(self.roots, sizes)
        return found

    @property
    def trees(self) -> np.ndarray:
        """The tree of each node, int64 [nodes]."""
        return np.repeat(np.arange(len(self.roots)), np.diff(self.roots, append=self.count))

    def over(self, columns: np.ndarray) -> Nodes:
        """Return the nodes over a matrix some of whose columns are those that they read, in order."""
        return Nodes(self.roots, {**self.fields, "features": np.where(self.is_leaf, 0, columns[self.fields["features"]])})


def together(parts: Sequence[Nodes]) -> Nodes:
    """Return the nodes of several groups of trees as one."""
    if len(parts) == 1:
        return parts[0]
    counts = [each.count for each in parts]
    starts = np.cumsum([0, *counts[:-1]])
    fields = {name: np.concatenate([each.fields[name] for each in parts]) for name in parts[0].fields}
    behind = np.repeat(starts, counts)
    roots = np.concatenate([each.roots + start for each, start in zip(parts, starts, strict=True)])
    return Nodes(roots, {**fields, "yes": fields["yes"] + behind, "no": fields["no"] + behind})


def nodes_of(trees: Sequence[Any], columns: Columns | None = None) -> Nodes:
    """Read objects of `sklearn.tree._tree.Tree`."""
    states = [tree.__getstate__()["nodes"] for tree in trees]
    sizes = np.array([len(state) for state in states])
    roots = np.cumsum(sizes) - sizes
    start, numbers = np.repeat(roots, sizes), np.arange(sizes.sum())
    left = np.concatenate([state["left_child"] for state in states]).astype(np.int64)
    right = np.concatenate([state["right_child"] for state in states]).astype(np.int64)
    leaf = left < 0
    features = [state["feature"] for state in states]
    if columns is not None:
        features = [each if mine is None else np.asarray(mine)[np.maximum(each, 0)] for each, mine in zip(features, columns, strict=True)]
    fields = {
        "features": np.where(leaf, 0, np.concatenate(features)).astype(np.int64),
        "thresholds": np.where(leaf, 0.0, np.concatenate([state["threshold"] for state in states])),
        "yes": np.where(leaf, numbers, left + start),
        "no": np.where(leaf, numbers, right + start),
        "missing": np.concatenate([state["missing_go_to_left"] for state in states]).astype(bool) & ~leaf,
        "covers": np.concatenate([state["weighted_n_node_samples"] for state in states]).astype(np.float64),
    }
    return Nodes(roots, fields)


def values_of(trees: Sequence[Any]) -> np.ndarray:
    """Return what each node says, float64 [nodes, outputs, classes]; a regressor has one class."""
    return np.concatenate([tree.value for tree in trees])


def of_vectors(nodes: Nodes, width: int, values: np.ndarray) -> Ensemble:
    """Return an ensemble whose leaves add a vector: values [nodes, targets]."""
    leaf = nodes.is_leaf
    said = (values != 0) & leaf[:, None]
    said[:, 0] |= leaf & ~said.any(axis=1)  # a leaf that says nothing adds 0
    starts = np.concatenate([[0], np.cumsum(said.sum(axis=1))])
    return Ensemble(
        width=width,
        targets=values.shape[1],
        roots=nodes.roots,
        **nodes.fields,
        leaf_starts=starts,
        leaf_targets=np.nonzero(said)[1],
        leaf_weights=values[said],
        base=np.zeros(values.shape[1]),
    )


def of_numbers(nodes: Nodes, width: int, values: np.ndarray, targets: np.ndarray, base: np.ndarray) -> Ensemble:
    """Return an ensemble each of whose trees adds to one target: values [nodes], targets [trees], base [targets]."""
    leaf = nodes.is_leaf
    return Ensemble(
        width=width,
        targets=len(base),
        roots=nodes.roots,
        **nodes.fields,
        leaf_starts=np.concatenate([[0], np.cumsum(leaf)]),
        leaf_targets=targets[nodes.trees[leaf]],
        leaf_weights=values[leaf],
        base=base,
    )
