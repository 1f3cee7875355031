"""Missing values: the texts in whose place they stand in a graph, and which cells are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from converter.writing import Value


def is_nan(value: Any) -> bool:
    """Tell whether a value is a number that is none."""
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def is_missing(value: Any) -> bool:
    """Tell whether a value is NaN, None or pandas' NA."""
    return value is None or value is pd.NA or is_nan(value)


def text_of(value: Any) -> str | None:
    """Return a category or a marker as the text that it is in a graph, None for a number.

    A graph's texts are never missing: ONNX Runtime takes NaN as "nan", None as "None" and pandas' NA as "<NA>".
    """
    return str(value) if isinstance(value, str) or is_missing(value) else None


def places_of(texts: Value, known: list[str]) -> Value:
    """Return the place of each text among known ones, their number where it is none of them; int64."""
    numbers = list(range(len(known)))
    attributes = {"keys_strings": known or [""], "values_int64s": numbers or [0], "default_int64": len(known)}
    return texts.node("LabelEncoder", dtype="int64", domain="ai.onnx.ml", **attributes)


def are_missing(cells: Value, marker: Any) -> Value | None:
    """Return which cells are missing where a value marks these, bool; None where no cell of this dtype can be."""
    if cells.dtype == "string":
        markers = ["nan", "None", "<NA>"] if marker is pd.NA else [text_of(marker)]
        return places_of(cells, [each for each in markers if each is not None]) < 1 if markers != [None] else None
    if is_missing(marker):
        return cells.isnan() if cells.dtype.startswith("float") and marker is not None else None
    number = None if isinstance(marker, str) else np.array(marker).astype(cells.dtype)
    return cells == number if number is not None and float(number) == float(marker) else None
