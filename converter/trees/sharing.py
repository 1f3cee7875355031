"""Leaves that several nodes share: each node gets its own, since runtimes lay children beside their parent."""

from __future__ import annotations

import numpy as np

from converter.trees.ensemble import Ensemble
from converter.trees.layout import arranged, tree_of_nodes


def with_own_leaves(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble with a copy of a shared leaf for every edge that leads to it."""
    leaf = ensemble.is_leaf
    inner = np.nonzero(~leaf)[0]
    edges = np.concatenate([ensemble.yes[inner], ensemble.no[inner]])
    further = np.ones(len(edges), bool)
    further[np.unique(edges, return_index=True)[1]] = False
    further &= leaf[edges]
    if not further.any():
        return ensemble
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
