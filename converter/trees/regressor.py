"""TreeEnsembleRegressor of ai.onnx.ml 3: any number of weights a leaf, nodes that share children; scores are float32 whatever the thresholds are."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.trees import wire
from converter.trees.ensemble import Comparison, Ensemble
from converter.trees.layout import tree_of_nodes

_MODES = {Comparison.LEQ: b"BRANCH_LEQ", Comparison.LT: b"BRANCH_LT"}


def regressor(ensemble: Ensemble, matrix: str, scores: str, dtype: np.dtype[Any]) -> bytes:
    """Return the node; the ensemble's base is left out, its thresholds are of `dtype`, every leaf has a weight, and no node has a set."""
    leaf, trees = ensemble.is_leaf, tree_of_nodes(ensemble)
    roots = ensemble.roots[trees]
    place = np.arange(ensemble.nodes) - roots
    counts = np.diff(ensemble.leaf_starts)
    attributes = [
        wire.integer("n_targets", ensemble.targets),
        wire.ints("nodes_treeids", trees),
        wire.ints("nodes_nodeids", place),
        wire.ints("nodes_featureids", np.where(leaf, 0, ensemble.features)),
        wire.ints("nodes_truenodeids", np.where(leaf, 0, ensemble.yes - roots)),
        wire.ints("nodes_falsenodeids", np.where(leaf, 0, ensemble.no - roots)),
        wire.choices("nodes_modes", (_MODES[ensemble.comparison], b"LEAF"), leaf),
        wire.ints("target_ids", ensemble.leaf_targets),
        wire.ints("target_nodeids", np.repeat(place, counts)),
        wire.ints("target_treeids", np.repeat(trees, counts)),
        _numbers("nodes_values", np.where(leaf, 0, ensemble.thresholds), dtype),
        _numbers("target_weights", ensemble.leaf_weights, dtype),
    ]
    if (missing := ensemble.missing & ~leaf).any():
        attributes.append(wire.ints("nodes_missing_value_tracks_true", missing))
    return wire.node("TreeEnsembleRegressor", "ai.onnx.ml", (matrix,), (scores,), *attributes)


def _numbers(name: str, values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> bytes:
    return wire.floats(name, values) if dtype == np.float32 else wire.tensor(f"{name}_as_tensor", values)
