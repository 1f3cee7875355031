"""Leaves that several nodes share. First each node gets its own, so that what is done to one touches no other.

In the end those of a tree that say the same become one again: a graph of a forest has half the leaves, and they stay in the cache. Only those that
hang from `yes`, since runtimes lay the other child beside its parent.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees.ensemble import Ensemble
from converter.trees.layout import arranged, tree_of_nodes


def with_own_leaves(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble with a copy of a shared leaf for every edge that leads to it."""
    leaf = ensemble.is_leaf
    inner = np.nonzero(~leaf)[0]
    edges = np.concatenate([ensemble.yes[inner], ensemble.no[inner]])
    if np.bincount(edges).max(initial=0) <= 1:
        return ensemble
    further = np.ones(len(edges), bool)
    further[np.unique(edges, return_index=True)[1]] = False
    further &= leaf[edges]
    source = np.concatenate([np.arange(ensemble.nodes), edges[further]])
    tree = tree_of_nodes(ensemble)[source]
    order = np.argsort(tree, kind="stable")
    roots = np.searchsorted(tree[order], np.arange(ensemble.trees))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    children = edges.copy()
    children[further] = ensemble.nodes + np.arange(further.sum())
    result = arranged(ensemble, source[order], roots)
    itself = np.arange(result.nodes)
    result.yes[:], result.no[:] = itself, itself
    result.yes[place[inner]], result.no[place[inner]] = place[children[: len(inner)]], place[children[len(inner) :]]
    return result


def with_shared_leaves(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble with one leaf for those of a tree that hang from `yes` alone and add the same weight to the same single target."""
    leaf, counts, itself = ensemble.is_leaf, np.diff(ensemble.leaf_starts), np.arange(ensemble.nodes)
    inner = np.nonzero(~leaf)[0]
    may = leaf & (counts == 1)
    may[ensemble.no[inner]] = False
    ends = ensemble.yes[inner][may[ensemble.yes[inner]]]
    entries = ensemble.leaf_starts[ends]
    key = tree_of_nodes(ensemble)[ends] * ensemble.targets + ensemble.leaf_targets[entries]
    first = np.zeros(ensemble.trees * ensemble.targets, np.int64)
    first[key[::-1]] = ends[::-1]
    same = ensemble.leaf_weights[ensemble.leaf_starts[first[key]]] == ensemble.leaf_weights[entries]
    stands_for = itself.copy()
    stands_for[ends[same]] = first[key][same]
    kept = np.nonzero(stands_for == itself)[0]
    if len(kept) == ensemble.nodes:
        return ensemble
    return arranged(replace(ensemble, yes=stands_for[ensemble.yes]), kept, np.searchsorted(kept, ensemble.roots))
