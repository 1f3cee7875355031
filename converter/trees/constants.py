"""What needs no tree: trees of one leaf belong to the base, weights of zero are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees.ensemble import Ensemble
from converter.trees.layout import spans, with_trees


def with_constants_in_base(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble without its trees of one leaf; their weights are added to the base. It may be left without a tree."""
    alone = ensemble.is_leaf[ensemble.roots]
    if not alone.any():
        return ensemble
    roots = ensemble.roots[alone]
    entries = spans(ensemble.leaf_starts[roots], np.diff(ensemble.leaf_starts)[roots])
    base = ensemble.base.copy()
    np.add.at(base, ensemble.leaf_targets[entries], ensemble.leaf_weights[entries])
    return replace(with_trees(ensemble, np.nonzero(~alone)[0]), base=base)


def without_zeros(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble with every leaf's weights of zero left out, but for one where it has no other; a leaf without weights gets one of zero."""
    leaf = ensemble.is_leaf
    counts = np.diff(ensemble.leaf_starts)
    owner = np.repeat(np.arange(ensemble.nodes), counts)
    says = ensemble.leaf_weights != 0
    silent = leaf & (np.bincount(owner[says], minlength=ensemble.nodes) == 0)
    if says.all() and not silent.any():
        return ensemble
    kept = np.bincount(owner[says], minlength=ensemble.nodes) + silent
    starts = np.append(0, np.cumsum(kept))
    targets, weights = np.zeros(starts[-1], np.int64), np.zeros(starts[-1])
    filled = np.repeat(~silent, kept)
    targets[filled], weights[filled] = ensemble.leaf_targets[says], ensemble.leaf_weights[says]
    had = silent & (counts > 0)
    targets[starts[:-1][had]] = ensemble.leaf_targets[ensemble.leaf_starts[:-1][had]]  # a tree of one target stays one
    return replace(ensemble, leaf_starts=starts, leaf_targets=targets, leaf_weights=weights)
