"""The columns of the matrix that a model takes, with what rows of it may hold: training ranges, categories, thresholds, what counts as missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from converter.trees import Column
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.trees import MISSING_NAN, MISSING_ZERO, Floats


def columns_of(text: ModelText) -> tuple[Column, ...]:
    """Return a model's columns, in order: the ranges or the categories that it was trained on, its thresholds, and what it knows to be missing."""
    trees = text.trees
    missing, categorical = trees.missing, trees.categorical
    terms = set() if trees.linear is None else set(trees.linear.features.tolist())
    order = np.argsort(trees.features, kind="stable")
    bounds = np.searchsorted(trees.features[order], np.arange(text.width + 1)).tolist()
    columns = []
    for place, info in enumerate(text.header["feature_infos"].split(" ")):
        mine = order[bounds[place] : bounds[place + 1]]
        thresholds = np.unique(trees.thresholds[mine][~categorical[mine]])
        columns.append(_column(info, thresholds, set(missing[mine].tolist()), is_term=place in terms))
    return tuple(columns)


def _column(info: str, thresholds: Floats, missing: set[int], *, is_term: bool) -> Column:
    """A column as the header describes it; `missing` is empty where no split asks for it."""
    column = Column(
        thresholds=thresholds,
        nan=bool(missing & {MISSING_NAN, MISSING_ZERO}),
        zero=MISSING_ZERO in missing,
        infinite=bool(missing) and not is_term,  # as a linear function's term an infinity would make nearly every answer infinite
    )
    if info == "none":
        return column
    if info.startswith("["):
        low, high = (float(bound) for bound in info.strip("[]").split(":"))
        return replace(column, low=low, high=high)
    return replace(column, categories=tuple(sorted(int(value) for value in info.split(":"))), unknown=True, negative=True, fractional=True)
