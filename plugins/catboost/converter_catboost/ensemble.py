"""A binary model as the neutral ensemble: symmetric trees become whole binary trees, others keep their nodes.

level k of a symmetric tree with 3 splits     s2                 the last split is the root's, so that the leaves
s1      s1             lie in the order of their numbers
s0  s0  s0  s0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.trees import Comparison, Ensemble
from converter_catboost.model_blob import ModelBlob

Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Splits:
    """What the splits of a model ask for: of each its column in a matrix of `width`, its border, and whether NaN lies above; arrays [splits]."""

    width: int
    columns: Ints
    borders: np.ndarray[Any, Any]
    nan_is_high: np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The nodes of all trees: splits int64 [nodes], children int64 [nodes, 2] (a leaf's are the leaf itself), leaves int64 [nodes] (-1 inside)."""

    roots: Ints
    splits: Ints
    children: Ints
    leaves: Ints


def ensemble_of(blob: ModelBlob, trees: int, splits: Splits) -> Ensemble:
    """Return the first trees of a model; their sum, scaled and biased, is the raw answer [batch, dimension]."""
    nodes = _nodes(blob, trees)
    inner = nodes.leaves < 0
    asked = np.where(inner, nodes.splits, 0)
    counts = np.where(inner, 0, blob.dimension)
    values = nodes.leaves[~inner, None] * blob.dimension + np.arange(blob.dimension)
    return Ensemble(
        width=splits.width,
        targets=blob.dimension,
        roots=nodes.roots,
        features=_each(splits.columns, asked),
        thresholds=_each(splits.borders, asked),
        yes=nodes.children[:, 0],
        no=nodes.children[:, 1],
        missing=~_each(splits.nan_is_high, asked),
        leaf_starts=np.concatenate([[0], np.cumsum(counts)]),
        leaf_targets=np.tile(np.arange(blob.dimension), len(values)),
        leaf_weights=(blob.leaf_values[values] * blob.scale).reshape(-1),
        base=blob.bias,
        comparison=Comparison.LEQ,
        covers=_covers(blob, nodes) if len(blob.leaf_weights) else None,
    )


def leaf_numbers(blob: ModelBlob, trees: int) -> Ints:
    """Return what CatBoost calls each leaf, counted from 0 in each tree, int64 [nodes]; 0 inside."""
    nodes = _nodes(blob, trees)
    first = np.minimum.reduceat(np.where(nodes.leaves < 0, len(blob.leaf_values), nodes.leaves), nodes.roots)
    numbers: Ints = np.where(nodes.leaves < 0, 0, nodes.leaves - np.repeat(first, np.diff([*nodes.roots, len(nodes.splits)])))
    return numbers


def splits_of(blob: ModelBlob) -> Splits:
    """Return the splits of numeric features over the matrix of all columns."""
    counts = [len(each.borders) for each in blob.floats]
    places = np.repeat(np.array([each.place for each in blob.floats], np.int64), counts)
    high = np.repeat(np.array([each.nan_is_high for each in blob.floats], bool), counts)
    return Splits(width_of(blob), places, np.concatenate([np.empty(0), *(each.borders for each in blob.floats)]), high)


def width_of(blob: ModelBlob) -> int:
    """Return how many columns a row has."""
    return 1 + max([each.place for each in blob.floats] + [place for each in blob.others.values() for place in each], default=0)


def _each(values: np.ndarray[Any, Any], asked: Ints) -> np.ndarray[Any, Any]:
    """Return the asked ones; a model without splits has leaves alone, of which any value will do."""
    return values[asked] if len(values) else np.zeros(len(asked), values.dtype)


def _nodes(blob: ModelBlob, trees: int) -> _Nodes:
    return _symmetric(blob, trees) if blob.symmetric else _stepwise(blob, trees)


def _symmetric(blob: ModelBlob, trees: int) -> _Nodes:
    """Lay each tree out by levels, the root first; all trees of one depth at once."""
    depths = blob.sizes[:trees]
    counts = (2 << depths) - 1
    roots = np.cumsum(counts) - counts
    first_splits, first_leaves = np.cumsum(depths) - depths, np.cumsum(1 << depths) - (1 << depths)
    splits, leaves = np.zeros(counts.sum(), np.int64), np.full(counts.sum(), -1)
    children = np.repeat(np.arange(counts.sum())[:, None], 2, axis=1)
    for depth in np.unique(depths):
        mine = depths == depth
        inner, bottom = np.arange((1 << depth) - 1), np.arange(1 << depth)
        level = np.repeat(np.arange(depth), 1 << np.arange(depth))  # of each inner node
        at = roots[mine, None] + inner
        splits[at] = blob.splits[first_splits[mine, None] + depth - 1 - level] if depth else 0
        children[at] = roots[mine, None, None] + 2 * inner[:, None] + [1, 2]
        leaves[roots[mine, None] + len(inner) + bottom] = first_leaves[mine, None] + bottom
    return _Nodes(roots, splits, children, leaves)


def _stepwise(blob: ModelBlob, trees: int) -> _Nodes:
    """Keep the nodes; one that is a leaf on one side and has a child on the other gets a leaf of its own behind it."""
    sizes = blob.sizes[:trees]
    stop = int(sizes.sum())
    steps = blob.steps[:stop]
    stops = steps == 0
    split_in_two = stops.any(axis=1) & ~stops.all(axis=1)
    at = np.arange(stop) + np.cumsum(split_in_two) - split_in_two
    count = stop + int(split_in_two.sum())
    children = np.repeat(np.arange(count)[:, None], 2, axis=1)
    children[at] = np.where(stops, (at + split_in_two)[:, None], at[np.minimum(np.arange(stop)[:, None] + steps, stop - 1)])
    splits, leaves = np.zeros(count, np.int64), np.full(count, -1)
    splits[at] = blob.splits[:stop]
    ends = stops.any(axis=1)
    leaves[(at + split_in_two)[ends]] = blob.leaf_ids[:stop][ends] // blob.dimension
    return _Nodes(at[np.cumsum(sizes) - sizes], splits, children, leaves)


def _covers(blob: ModelBlob, nodes: _Nodes) -> np.ndarray[Any, Any]:
    """Return how much training weight came by each node: of the leaves as the model says, of inner nodes their children's, the deepest first."""
    covers = np.where(nodes.leaves < 0, 0.0, blob.leaf_weights[nodes.leaves])
    levels, at = [], nodes.roots
    while len(at):
        levels.append(at)
        at = nodes.children[at[nodes.leaves[at] < 0]].reshape(-1)
    for level in reversed(levels):
        inner = level[nodes.leaves[level] < 0]
        covers[inner] = covers[nodes.children[inner]].sum(axis=1)
    return covers
