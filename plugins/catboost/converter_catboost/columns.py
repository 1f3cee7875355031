"""The columns of the matrix that a model takes. CatBoost keeps no training ranges; its borders tell where the values lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees import Column
from converter_catboost.ensemble import width_of
from converter_catboost.model_blob import ModelBlob

_FARTHEST = float(np.finfo(np.float32).max)  # a border here only parts missing values from the others


def columns_of(blob: ModelBlob) -> tuple[Column, ...]:
    """Return a model's columns, in order: every one takes missing values and infinities, whatever it was trained with."""
    columns = [Column(nan=True, infinite=True)] * width_of(blob)
    for feature in blob.floats:
        borders = feature.borders.astype(np.float64)
        inside = borders[np.abs(borders) < _FARTHEST]
        low, high = (float(inside[0]), float(inside[-1])) if len(inside) else (-1.0, 1.0)
        columns[feature.place] = replace(columns[feature.place], low=low, high=high if high > low else low + 1, thresholds=borders)
    return tuple(columns)
