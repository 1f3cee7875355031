"""The columns of the matrix that a model takes, for random values: on its thresholds, beside them, missing, infinite, of unknown category."""

from __future__ import annotations

import dataclasses

import numpy as np

from converter.trees import Column, Ensemble
from converter.trees import columns_of as tree_columns
from converter_xgboost.answers import categories_of
from converter_xgboost.linear import Linear
from converter_xgboost.loading import Loaded

CATEGORICAL = "c"  # of XGBoost's feature types


def columns_of(loaded: Loaded, scorer: Ensemble | Linear) -> tuple[Column, ...]:
    """Return a model's columns, in order. XGBoost takes missing values everywhere, infinities only where trees compare them."""
    if isinstance(scorer, Linear):
        return (Column(nan=True),) * loaded.document.width
    known = categories_of(loaded) or [None] * loaded.document.width
    types = loaded.document.types or ("",) * loaded.document.width
    return tuple(_column(*each) for each in zip(tree_columns(scorer), types, known, strict=True))


def _column(found: Column, kind: str, known: list[object] | None) -> Column:
    if kind != CATEGORICAL and not found.categories:
        return dataclasses.replace(found, nan=True, infinite=True)
    categories = tuple(sorted({0, *found.categories, *range(len(known or ()))}))
    return Column(thresholds=np.empty(0), categories=categories, unknown=True, negative=True, fractional=True, nan=True, infinite=True)
