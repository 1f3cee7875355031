"""How trees are cut into blocks, each a node of the graph: ONNX Runtime walks all trees of a node for a row before it turns to the next row.

A block stays in the cache while rows pass. Trees that all add to one target each are grouped by target: sums of one target are faster.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from converter.trees.ensemble import Ensemble, Ints
from converter.trees.layout import between, with_trees

_NODE = 24  # bytes of a node in ONNX Runtime's memory
_BLOCK = 3 << 19  # bytes of a block, of the order of a processor's own cache
_MOST = 50  # blocks; each costs a call
_GROUP = 1 << 14  # bytes of a target's trees that are worth a node of their own


@dataclass(frozen=True, eq=False)
class Block:
    """Some trees, and which targets, one after the other, they add to: the ensemble counts its targets from the first of them."""

    ensemble: Ensemble
    first: int
    stop: int


def summed(ensemble: Ensemble) -> list[list[Block]]:
    """Return blocks whose scores are to be added, in groups that are to be laid side by side."""
    targets = _target_of_trees(ensemble)
    if targets is None or not _is_worth_groups(ensemble, targets):
        return [[Block(part, 0, ensemble.targets) for part in _cut(ensemble, _MOST)]]
    most = max(1, _MOST // ensemble.targets)
    groups = [with_trees(ensemble, np.nonzero(targets == target)[0]) for target in range(ensemble.targets)]
    return [[_block(part, target, target + 1) for part in _cut(group, most)] for target, group in enumerate(groups)]


def side_by_side(ensemble: Ensemble) -> list[Block]:
    """Return blocks that are to be laid side by side, of an ensemble whose trees add to one target each, and no two to the same, in ascending order."""
    parts = _cut(ensemble, _MOST)
    firsts = [0, *(int(part.leaf_targets.min()) for part in parts[1:])]
    return [_block(part, first, stop) for part, first, stop in zip(parts, firsts, [*firsts[1:], ensemble.targets], strict=True)]


def _block(ensemble: Ensemble, first: int, stop: int) -> Block:
    return Block(replace(ensemble, targets=stop - first, leaf_targets=ensemble.leaf_targets - first), first, stop)


def _cut(ensemble: Ensemble, most: int) -> list[Ensemble]:
    """Cut into parts of about equal size, each of whole trees."""
    stops = np.append(ensemble.roots[1:], ensemble.nodes)
    count = min(-(-ensemble.nodes * _NODE // _BLOCK), most, ensemble.trees)
    ends = np.unique(np.searchsorted(stops, ensemble.nodes * np.arange(1, count + 1) / count))
    return [between(ensemble, first, stop) for first, stop in itertools.pairwise([0, *(ends + 1).tolist()])]


def _target_of_trees(ensemble: Ensemble) -> Ints | None:
    """Return the one target that each tree adds to, [trees]; None if there is only one, or a tree adds to several."""
    if ensemble.targets == 1:
        return None
    starts = ensemble.leaf_starts[ensemble.roots]
    lowest, highest = (find.reduceat(ensemble.leaf_targets, starts) for find in (np.minimum, np.maximum))
    return lowest if np.array_equal(lowest, highest) else None


def _is_worth_groups(ensemble: Ensemble, targets: Ints) -> bool:
    """Every target has trees, and enough of them that another node pays."""
    sizes = np.bincount(targets, np.diff(np.append(ensemble.roots, ensemble.nodes)), ensemble.targets) * _NODE
    return bool(sizes.min() > 0 and sizes.mean() >= _GROUP)
