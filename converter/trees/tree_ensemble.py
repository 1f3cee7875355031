"""TreeEnsemble of ai.onnx.ml 5: one weight a leaf, inner nodes and leaves in tables of their own; thresholds, sums and scores of one dtype.

ONNX Runtime takes a root with twice the same leaf for a leaf, and reads another leaf's weight: trees of one leaf are not for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.trees import wire
from converter.trees.ensemble import Comparison, Ensemble

_MODES = {Comparison.LEQ: 0, Comparison.LT: 1}


def tree_ensemble(ensemble: Ensemble, matrix: str, scores: str, dtype: np.dtype[Any]) -> bytes:
    """Return the node; the ensemble's base is left out, its thresholds are of `dtype`, every leaf has one weight, and roots are no leaves."""
    leaf = ensemble.is_leaf
    inner = np.nonzero(~leaf)[0]
    place = np.where(leaf, np.cumsum(leaf), np.cumsum(~leaf)) - 1  # each in the table of its kind
    yes, no = ensemble.yes[inner], ensemble.no[inner]
    attributes = [
        wire.integer("n_targets", ensemble.targets),
        wire.ints("tree_roots", place[ensemble.roots]),
        wire.ints("nodes_featureids", ensemble.features[inner]),
        wire.ints("nodes_truenodeids", place[yes]),
        wire.ints("nodes_falsenodeids", place[no]),
        wire.ints("nodes_trueleafs", leaf[yes]),
        wire.ints("nodes_falseleafs", leaf[no]),
        wire.tensor("nodes_modes", np.full(len(inner), _MODES[ensemble.comparison], np.uint8)),
        wire.tensor("nodes_splits", ensemble.thresholds[inner].astype(dtype)),
        wire.ints("leaf_targetids", ensemble.leaf_targets),
        wire.tensor("leaf_weights", ensemble.leaf_weights.astype(dtype)),
    ]
    if (missing := ensemble.missing[inner]).any():
        attributes.append(wire.ints("nodes_missing_value_tracks_true", missing))
    return wire.node("TreeEnsemble", "ai.onnx.ml", (matrix,), (scores,), *attributes)
