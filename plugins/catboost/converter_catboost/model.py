"""The heavy half: one loaded CatBoost model with its inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from converter.plugin import Axis, Exporter, LoadRequest, SourceModel, UsageError
from converter.trees import Ensemble, led, rows_to_prove
from converter_catboost.answers import Asked, ask, classes_of, metadata_of, outputs_of
from converter_catboost.ensemble import ensemble_of
from converter_catboost.exporters.catboost import write_catboost
from converter_catboost.exporters.direct import write_direct
from converter_catboost.layout import Layout, layout_of
from converter_catboost.loading import Loaded, load_model
from converter_catboost.model_blob import ModelBlob


def load(request: LoadRequest) -> CatBoostModel:
    """Load the model of a request; raises what `load_model` and `layout_of` raise, and UsageError for an option that does not fit the model."""
    loaded = load_model(request.source, trust=request.trust)
    layout = layout_of(loaded, request)
    asked = Asked(str(request.options.get("method", "predict")), _trees(loaded.blob, int(request.options.get("iteration_end", 0))))
    return CatBoostModel(loaded, layout, asked)


class CatBoostModel(SourceModel):
    """A CatBoost model. It takes a matrix of numbers, and a column for each categorical feature that its trees ask for."""

    def __init__(self, loaded: Loaded, layout: Layout, asked: Asked) -> None:
        self.loaded = loaded
        self.layout = layout
        self.asked = asked
        self.inputs = layout.inputs
        self.axes = {name: rows_to_prove(self._ensemble) if axis == Axis() else axis for name, axis in layout.axes.items()}
        self.exporters = (Exporter("direct", partial(write_direct, self)), Exporter("catboost", partial(write_catboost, self)))
        self.outputs = outputs_of(loaded.blob, asked.method)
        self.metadata = metadata_of(loaded.blob)
        self.summary = self._summary()

    def run(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the model's own answer: decisions in float32, sums in float64."""
        return ask(self.loaded, self.layout.rows(feeds), self.asked)

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray[Any, Any]]:
        """Return random rows: half of the numbers on a border or one step beside it, some missing or infinite; categories known and unknown.

        Most rows are led to a split of some tree, each in turn, and lie on one side of its border.
        """
        feeds = self.layout.sample(rng, sizes)
        if (matrix := self.layout.matrix) is not None:
            numbers = led(self._ensemble, feeds[matrix.name].astype(np.float32), rng)  # as CatBoost rounds what it compares
            feeds[matrix.name] = numbers.astype(matrix.dtype)
        return feeds

    @cached_property
    def _ensemble(self) -> Ensemble:
        return ensemble_of(self.loaded.blob, self.asked.trees, self.layout.splits)

    def _summary(self) -> str:
        blob, classes = self.loaded.blob, classes_of(self.loaded.blob)
        counted = f", {len(classes)} classes" if len(classes) else ""
        shape = "symmetric trees" if blob.symmetric else "trees"
        kind = type(self.loaded.model).__name__
        categorical = f" ({len(blob.others['categorical'])} categorical)" if blob.others["categorical"] else ""
        features = f"{len(self.loaded.model.feature_names_)} features{categorical}"
        return f"{kind}, {blob.loss or 'own loss function'}: {self.asked.trees} {shape}, {features}{counted}"


def _trees(blob: ModelBlob, end: int) -> int:
    if not 0 <= end <= blob.trees:
        raise UsageError(f"the model has {blob.trees} trees, not {end}", hint=f"-O iteration_end={blob.trees}, or 0 for all")
    return end or blob.trees
