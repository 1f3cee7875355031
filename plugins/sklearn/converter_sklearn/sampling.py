"""The rows that prove an estimator with trees inside: most of them come to a split, whichever columns the estimator has it in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.plugin import Axis
from converter.trees import are_led, beside_splits, rows_to_prove
from converter_sklearn.trees.splits import Splits

ROWS = Axis(low=1, high=4096, usual=512)
_LARGEST = np.finfo(np.float32).max


def rows_of(splits: Splits | None) -> Axis:
    """Return the batch of an estimator with these splits, or without any."""
    if splits is None:
        return ROWS
    return rows_to_prove(splits.ensemble)


def lead(splits: Splits, arrays: Sequence[np.ndarray], rng: np.random.Generator, *, infinite: bool) -> None:
    """Change most rows of arrays that lie side by side, [rows, columns] each, so that they come to splits; what is no float stays.

    A threshold may be infinite: all numbers are on one side. Where rows may not be `infinite`, the largest number stands for them.
    """
    floats = [each for each in arrays if each.dtype.kind == "f"]
    led = are_led(len(arrays[0]))
    if not floats or not led.any():
        return
    dtype = "float32" if splits.compares == "float32" else max(each.dtype for each in floats)
    parts = [each[led].astype(dtype) if each.dtype.kind == "f" else np.full(each[led].shape, np.nan, dtype) for each in arrays]
    rows = beside_splits(splits.ensemble, np.concatenate(parts, axis=1), rng)
    if not infinite:
        rows = np.clip(rows, -_LARGEST, _LARGEST)
    stops = np.cumsum([each.shape[1] for each in arrays])
    for each, part in zip(arrays, np.split(rows, stops[:-1], axis=1), strict=True):
        if each.dtype.kind == "f":
            each[led] = part
