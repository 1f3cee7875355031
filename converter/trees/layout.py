"""The order of an ensemble's nodes: trees taken out, put in another order, or given further nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees.ensemble import Ensemble, Ints


def tree_of_nodes(ensemble: Ensemble) -> Ints:
    """Return the tree that each node lies in, [nodes]."""
    return np.repeat(np.arange(ensemble.trees), _sizes(ensemble))


def with_trees(ensemble: Ensemble, trees: Ints) -> Ensemble:
    """Return an ensemble of some of the trees, in the order given."""
    sizes = _sizes(ensemble)[trees]
    roots = np.cumsum(sizes) - sizes
    return arranged(ensemble, spans(ensemble.roots[trees], sizes), roots)


def between(ensemble: Ensemble, first: int, stop: int) -> Ensemble:
    """Return an ensemble of the trees from `first` up to `stop`; its arrays are views as far as their values allow."""
    ends = np.append(ensemble.roots, ensemble.nodes)
    begin, end = int(ends[first]), int(ends[stop])
    nodes, starts = slice(begin, end), ensemble.leaf_starts[begin : end + 1]
    entries = slice(int(starts[0]), int(starts[-1]))
    return replace(
        ensemble,
        roots=ensemble.roots[first:stop] - begin,
        features=ensemble.features[nodes],
        thresholds=ensemble.thresholds[nodes],
        yes=ensemble.yes[nodes] - begin,
        no=ensemble.no[nodes] - begin,
        missing=ensemble.missing[nodes],
        leaf_starts=starts - starts[0],
        leaf_targets=ensemble.leaf_targets[entries],
        leaf_weights=ensemble.leaf_weights[entries],
        covers=None if ensemble.covers is None else ensemble.covers[nodes],
        sets=None if ensemble.sets is None else ensemble.sets[nodes],
    )


def arranged(ensemble: Ensemble, order: Ints, roots: Ints) -> Ensemble:
    """Return an ensemble of the nodes in `order`, which names each by where it was and holds all children; new trees begin at `roots`."""
    place = np.zeros(ensemble.nodes, np.int64)
    place[order] = np.arange(len(order))
    counts = np.diff(ensemble.leaf_starts)[order]
    entries = spans(ensemble.leaf_starts[:-1][order], counts)
    return replace(
        ensemble,
        roots=roots,
        features=ensemble.features[order],
        thresholds=ensemble.thresholds[order],
        yes=place[ensemble.yes[order]],
        no=place[ensemble.no[order]],
        missing=ensemble.missing[order],
        leaf_starts=np.concatenate([[0], np.cumsum(counts)]),
        leaf_targets=ensemble.leaf_targets[entries],
        leaf_weights=ensemble.leaf_weights[entries],
        covers=None if ensemble.covers is None else ensemble.covers[order],
        sets=None if ensemble.sets is None else ensemble.sets[order],
    )


def spans(starts: Ints, lengths: Ints) -> Ints:
    """Return the whole numbers of all spans, one span after the other."""
    stops = np.cumsum(lengths)
    return np.arange(stops[-1] if len(stops) else 0) + np.repeat(starts - stops + lengths, lengths)


def _sizes(ensemble: Ensemble) -> Ints:
    return np.diff(np.append(ensemble.roots, ensemble.nodes))
