"""The rows that prove a model: on thresholds and beside them, missing and strange values, most rows at a split that they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from converter.plugin import Axis
from converter.trees import Column, Ensemble, led, rows_to_prove
from converter_lightgbm.ensemble import Matrix, ensemble_of
from converter_lightgbm.model_text import ModelText

WALKS = 1 << 22  # of a row through a tree, each a fraction of a microsecond


class Sampler:
    """Draws a model's rows."""

    def __init__(self, text: ModelText, columns: Sequence[Column], dtype: str) -> None:
        self._text = text
        self._columns = columns
        self._dtype = dtype

    def draw(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        """Return random rows, [rows, features]: thresholds and categories in turn, missing ones and unknown categories where the model knows such."""
        drawn = np.stack([column.draw(rng, rows, np.dtype(self._dtype)) for column in self._columns], axis=-1)
        return led(self._ensemble, drawn, rng)

    @cached_property
    def batch(self) -> Axis:
        """How many rows there may be, and how many prove the model."""
        return rows_to_prove(self._ensemble, WALKS)

    @cached_property
    def _ensemble(self) -> Ensemble:
        """The trees over the model's own columns: they tell nearly every row's way, but not those of 0 where it is missing and of fractional categories."""
        matrix = Matrix.of(self._text.trees, self._text.width)
        ensemble = ensemble_of(self._text, matrix, self._dtype)
        return replace(ensemble, width=matrix.width, features=matrix.sources[ensemble.features])
