"""The linear booster: a weight for each feature and output, and a bias. Missing values add nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from converter_xgboost.ensemble import base_of
from converter_xgboost.model_json import ModelJson

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Linear:
    """margin = row · weights + bias; float32 [width, groups] and [groups], the base included."""

    weights: Array
    bias: Array


def linear_of(model: ModelJson) -> Linear:
    """Return the linear model of a document; raises ValueError where its weights are damaged."""
    if "weights" not in model.body:
        raise ValueError("it has no weights")
    weights = np.asarray(model.body["weights"], np.float32)
    wanted = (model.width + 1) * model.groups
    if len(weights) not in {0, wanted}:
        raise ValueError(f"it has {len(weights)} weights, {wanted} are wanted")
    table = weights.reshape(-1, model.groups) if len(weights) else np.zeros((model.width + 1, model.groups), np.float32)
    return Linear(table[:-1], table[-1] + base_of(model)[0])  # XGBoost adds the first base score to every output
