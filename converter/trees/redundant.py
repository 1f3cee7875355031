"""Splits whose outcome is settled by a split above: who came by `x <= 3` need not be asked for `x <= 5`. Symmetric trees are full of them."""

from __future__ import annotations

import numpy as np

from converter.trees.ensemble import Bools, Ensemble, Ints
from converter.trees.layout import arranged


def without_settled(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble without splits that every row passes on the same side, and without the nodes that no row reaches."""
    settled = _settled(ensemble)
    if (settled < 0).all():
        return ensemble
    following = np.where(settled < 0, np.arange(ensemble.nodes), settled)
    while not np.array_equal(further := following[following], following):
        following = further
    yes, no = following[ensemble.yes], following[ensemble.no]
    is_reached = _reached(ensemble.roots, yes, no)
    order = np.nonzero(is_reached)[0]
    result = arranged(ensemble, order, np.searchsorted(order, ensemble.roots))
    place = np.cumsum(is_reached) - 1
    result.yes[:], result.no[:] = place[yes[order]], place[no[order]]
    return result


def _settled(ensemble: Ensemble) -> Ints:
    """Return the child that every row goes to which comes to a node, -1 where a row may go to either, [nodes].

    A split above has settled it if it compared the same column so that the threshold here tells nothing new, and NaN that came by goes the same way.
    """
    found = np.full(ensemble.nodes, -1)
    node = _comparing(ensemble)
    parents, is_yes, compares = _parents(ensemble), np.zeros(ensemble.nodes, bool), np.zeros(ensemble.nodes, bool)
    is_yes[ensemble.yes], compares[node] = True, True
    below = node
    while len(node):
        above = parents[below]
        node, below, above = node[above >= 0], below[above >= 0], above[above >= 0]
        here, there, side = ensemble.thresholds[node], ensemble.thresholds[above], is_yes[below]
        missing, came = ensemble.missing[node], ensemble.missing[above] == side
        same = compares[above] & (ensemble.features[above] == ensemble.features[node])
        known = same & np.where(side, here >= there, here <= there) & (~came | (missing == side))
        found[node[known]] = np.where(side, ensemble.yes[node], ensemble.no[node])[known]
        below = above
    return found


def _comparing(ensemble: Ensemble) -> Ints:
    """The nodes that compare with a threshold."""
    is_comparing: Bools = ~ensemble.is_leaf & (ensemble.sets < 0) if ensemble.sets is not None else ~ensemble.is_leaf
    return np.nonzero(is_comparing)[0]


def _parents(ensemble: Ensemble) -> Ints:
    """Each inner node's parent, -1 at a root; leaves may have several."""
    parents = np.full(ensemble.nodes, -1)
    inner = np.nonzero(~ensemble.is_leaf)[0]
    parents[ensemble.yes[inner]], parents[ensemble.no[inner]] = inner, inner
    return parents


def _reached(roots: Ints, yes: Ints, no: Ints) -> Bools:
    found = np.zeros(len(yes), bool)
    at = roots
    while len(at):
        found[at] = True
        children = np.concatenate([yes[at], no[at]])
        at = np.unique(children[~found[children]])
    return found
