"""The trees of a model document as the neutral ensemble.

    a number    left if x < condition; the right child lies behind the left one
    a category  left unless its whole part is one of the node's set; what is negative, or too large, is in no set
    missing     to the default side

A leaf's value is its condition; trees with several values a leaf have a table of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.plugin import UsageError
from converter.trees import Comparison, Ensemble
from converter_xgboost.model_json import ModelJson
from converter_xgboost.objectives import margins_of

Array = np.ndarray[Any, Any]
_DTYPES = {
    "left_children": np.int64,
    "right_children": np.int64,
    "parents": np.int64,
    "split_indices": np.int64,
    "split_conditions": np.float32,
    "default_left": np.bool_,
    "sum_hessian": np.float64,
}
_UNREAD = ("base_weights", "loss_changes")  # which XGBoost crashes without


def ensemble_of(model: ModelJson, first: int, stop: int) -> Ensemble:
    """Return the trees `first` to before `stop`, over the columns as they are; raises ValueError where they are damaged.

    The columns of categories must hold whole numbers: fractions rounded down, as `whole_columns` says which.
    A model without a tree gets one that adds nothing.
    """
    trees = [_Tree.read(tree, number) for number, tree in enumerate(model.trees[first:stop], first)] or [_Tree.empty()]
    nodes = np.array([each.nodes for each in trees])
    roots = np.cumsum(nodes) - nodes
    shift = np.repeat(roots, nodes)
    numbers = np.arange(nodes.sum())
    lefts, rights, _, features, conditions, default_left, covers = (np.concatenate([each.arrays[name] for each in trees]) for name in _DTYPES)
    leaf = lefts < 0
    left, right = np.where(leaf, numbers, lefts + shift), np.where(leaf, numbers, rights + shift)
    typed = np.concatenate([each.categorical for each in trees])  # pruned nodes keep their type
    categorical = typed & ~leaf
    starts, targets, weights = _leaves(model, trees, first, leaf)
    found = Ensemble(
        width=model.width,
        targets=model.groups,
        roots=roots,
        features=np.where(leaf, 0, features),
        thresholds=np.where(leaf | categorical, 0, conditions).astype(np.float64),
        yes=np.where(categorical, right, left),
        no=np.where(categorical, left, right),
        missing=(default_left ^ categorical) & ~leaf,
        leaf_starts=starts,
        leaf_targets=targets,
        leaf_weights=weights,
        base=base_of(model).astype(np.float64),
        comparison=Comparison.LT,
        covers=covers,
        **(_sets(trees, typed, categorical) if categorical.any() else {}),
    )
    try:
        found.check()
    except UsageError as error:
        raise ValueError(error.message) from None
    return found


def base_of(model: ModelJson) -> Array:
    """Return the margins that the trees are added to, float32 [groups]."""
    return np.broadcast_to(margins_of(model.base_score, model.objective.link), model.groups)


def node_numbers(ensemble: Ensemble) -> Array:
    """Return each node's number in its tree, as XGBoost says leaves, int64 [nodes]."""
    return np.arange(ensemble.nodes) - np.repeat(ensemble.roots, np.diff([*ensemble.roots, ensemble.nodes]))


def whole_columns(ensemble: Ensemble) -> Array:
    """Return the columns that are asked for categories, ascending."""
    return np.empty(0, np.int64) if ensemble.sets is None else np.unique(ensemble.features[ensemble.sets >= 0])


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree's arrays [nodes], and what is special about it."""

    nodes: int
    arrays: Mapping[str, Array]
    categorical: Array
    members: Sequence[Array]
    """The set of each categorical node, in order."""
    vector: Array | None
    """[leaves, targets], where a leaf has a value for each target."""

    @staticmethod
    def read(tree: Mapping[str, Any], number: int) -> _Tree:
        """Read one tree; raises ValueError where its arrays do not fit each other."""
        try:
            nodes = int(tree["tree_param"]["num_nodes"])
            arrays = {name: _array(tree[name], dtype) for name, dtype in _DTYPES.items()}
            categorical = _array(tree.get("split_type", np.zeros_like(arrays["parents"])), np.int64) == 1
            members = _members(tree, categorical)
            vector = _vector(tree, arrays)
            own_number = int(tree["id"])
            unread = [len(tree[name]) for name in _UNREAD]
        except KeyError as error:
            raise ValueError(f"tree {number} has no {error.args[0]}") from None
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"tree {number}: {error}") from None
        if nodes < 1 or len(categorical) != nodes or any(len(array) != nodes for array in arrays.values()) or min(unread) < nodes:
            raise ValueError(f"tree {number} does not have the {nodes} nodes that it announces")
        if not _is_linked(arrays) or own_number != number:
            raise ValueError(f"tree {number}: its nodes do not lead back to their parents, or it is another tree")
        return _Tree(nodes, arrays, categorical, members, vector)

    @staticmethod
    def empty() -> _Tree:
        """Return a tree of one leaf that adds nothing."""
        arrays = {name: np.zeros(1, dtype) for name, dtype in _DTYPES.items()} | {"left_children": np.array([-1])}
        return _Tree(1, arrays, np.zeros(1, bool), (), None)


def _is_linked(arrays: Mapping[str, Array]) -> bool:
    """Whether right children lie behind left ones and children know their parents: XGBoost jumps by both."""
    lefts, rights, parents = (arrays[name] for name in ("left_children", "right_children", "parents"))
    inner = np.nonzero(lefts >= 0)[0]
    if ((parents[1:] < 0) | (parents[1:] >= len(parents))).any() or (lefts < -1).any() or (lefts[inner] >= len(parents) - 1).any():
        return False
    return bool((rights == lefts + 1)[inner].all() and (parents[lefts[inner]] == inner).all() and (parents[rights[inner]] == inner).all())


def _array(values: Any, dtype: Any) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.asarray(values).astype(dtype)
    if found.ndim != 1:
        raise ValueError("a list of its numbers is no list")
    return found


def _members(tree: Mapping[str, Any], categorical: Array) -> Sequence[Array]:
    if not categorical.any():
        return ()
    nodes, starts, sizes, members = (
        _array(tree[name], np.int64) for name in ("categories_nodes", "categories_segments", "categories_sizes", "categories")
    )
    if not np.array_equal(nodes, np.nonzero(categorical)[0]) or not len(nodes) == len(starts) == len(sizes):
        raise ValueError("its sets of categories are not those of its nodes")
    found = [members[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    for each, start, size in zip(found, starts, sizes, strict=True):
        if start < 0 or size < 1 or len(each) != size or each[0] < 0 or (np.diff(each) <= 0).any():
            raise ValueError("a set of categories is damaged")
    return found


def _vector(tree: Mapping[str, Any], arrays: Mapping[str, Array]) -> Array | None:
    """XGBoost numbers the leaves of such a tree in place of their right children."""
    targets = int(tree["tree_param"]["size_leaf_vector"])
    if targets <= 1:
        return None
    table = _array(tree["leaf_weights"], np.float64)
    leaves = arrays["right_children"][arrays["left_children"] < 0]
    if len(table) % targets or (leaves < 0).any() or (leaves >= len(table) // targets).any():
        raise ValueError(f"its leaves have no {targets} values each")
    return table.reshape(-1, targets)[leaves]


def _leaves(model: ModelJson, trees: Sequence[_Tree], first: int, leaf: Array) -> tuple[Array, Array, Array]:
    """What each leaf adds: where its entries begin [nodes + 1], their targets and weights [entries]."""
    groups = _array(model.body["tree_info"], np.int64)[first : first + len(trees)] if model.trees else np.zeros(1, np.int64)
    shares = model.dropped[first : first + len(trees)] if model.dropped is not None else np.ones(len(trees))
    weights, targets = [], []
    for number, (tree, group, share) in enumerate(zip(trees, groups, shares, strict=True), first):
        mine = tree.arrays["left_children"] < 0
        if tree.vector is not None and tree.vector.shape[1] != model.groups:
            raise ValueError(f"tree {number} has {tree.vector.shape[1]} values a leaf, the model {model.groups} outputs")
        values = tree.vector if tree.vector is not None else tree.arrays["split_conditions"][mine, None].astype(np.float64)
        weights.append((values * share).ravel())
        targets.append(np.tile(np.arange(model.groups), len(values)) if tree.vector is not None else np.full(len(values), group))
    each = np.repeat([1 if tree.vector is None else model.groups for tree in trees], [tree.nodes for tree in trees])
    return np.concatenate([[0], np.cumsum(np.where(leaf, each, 0))]), np.concatenate(targets), np.concatenate(weights)


def _sets(trees: Sequence[_Tree], typed: Array, categorical: Array) -> dict[str, Array]:
    members = [each for tree in trees for each in tree.members]
    return {
        "sets": np.where(categorical, np.cumsum(typed) - 1, -1),
        "set_starts": np.concatenate([[0], np.cumsum([len(each) for each in members])]),
        "set_members": np.concatenate(members),
    }
