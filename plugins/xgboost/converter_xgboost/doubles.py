"""The model's answer in double precision: the leaves that XGBoost says, or its linear weights, with their values added in float64.

XGBoost itself adds in float32. What is added here must lie within the rounding of that, or the leaves were misread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.plugin import PluginError
from converter.trees import Ensemble
from converter_xgboost.answers import ask, labelled, leaves, margins
from converter_xgboost.asked import Asked
from converter_xgboost.linear import Linear
from converter_xgboost.loading import Loaded
from converter_xgboost.objectives import predictions_of

Array = np.ndarray[Any, Any]


def ask_in_double(loaded: Loaded, asked: Asked, scorer: Ensemble | Linear, rows: Array) -> dict[str, Array]:
    """Return the model's own answer to float32 rows [batch, features], its scores in float64; raises PluginError where the two do not fit."""
    own = ask(loaded, asked, rows)
    if asked.method == "leaf":
        return own
    sums = _added(scorer, rows, asked) if isinstance(scorer, Linear) else _summed(scorer, leaves(loaded, asked, rows))
    flat = sums[:, 0] if sums.shape[1] == 1 else sums
    _compare(flat, margins(loaded, asked, rows), _rounding(scorer, rows))
    scores = predictions_of(flat, loaded.document.objective.link)
    exact = {"raw": flat, "prediction": scores, **labelled(loaded, scores), "label": own.get("label", scores)}
    return {name: exact[name] for name in own}


def _summed(ensemble: Ensemble, numbers: Array) -> Array:
    """Add up the leaves of these numbers [batch, trees]: float64 [batch, targets]."""
    found = np.tile(ensemble.base, (len(numbers), 1))
    reached = (ensemble.roots + numbers).astype(np.int64)
    counts = np.diff(ensemble.leaf_starts)
    for place in range(int(counts.max())):
        rows, trees = np.nonzero(counts[reached] > place)
        entries = ensemble.leaf_starts[reached[rows, trees]] + place
        np.add.at(found, (rows, ensemble.leaf_targets[entries]), ensemble.leaf_weights[entries])
    return found


def _added(linear: Linear, rows: Array, asked: Asked) -> Array:
    present = np.where(np.isnan(rows) | (rows == np.float32(asked.missing)), 0, rows).astype(np.float64)
    return np.asarray(present @ linear.weights.astype(np.float64) + linear.bias)


def _rounding(scorer: Ensemble | Linear, rows: Array) -> float:
    """How far float32 sums may be from the double ones: one rounding of the largest possible sum for each summand."""
    step = float(np.finfo(np.float32).eps)
    if isinstance(scorer, Linear):
        largest = np.nan_to_num(np.abs(rows.astype(np.float64))).sum(axis=1).max(initial=0) * np.abs(scorer.weights).max(initial=0)
        found: float = step * (rows.shape[1] + 2) * float(largest + np.abs(scorer.bias).max())
        return found
    largest = np.maximum.reduceat(np.abs(scorer.leaf_weights), scorer.leaf_starts[scorer.roots]).sum()
    return step * (scorer.trees + 2) * (float(np.abs(scorer.base).max()) + float(largest))


def _compare(ours: Array, own: Array, allowed: float) -> None:
    off = float(np.abs(ours - own).max(initial=0))
    if off > allowed:
        message = f"its leaves add up to another sum than XGBoost's own, {off:.3g} apart where {allowed:.3g} is rounding"
        raise PluginError("xgboost", "run", message, hint="-O dtype=float32 compares with XGBoost's own sums; please report the model")
