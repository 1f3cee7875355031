"""The heavy half: one loaded LightGBM model with its input and outputs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from converter.plugin import Axis, Domain, Exporter, Input, LoadRequest, MissingInputs, SourceModel, evaluate
from converter_lightgbm.answers import ask, classes_of, metadata_of, outputs_of
from converter_lightgbm.columns import Column, columns_of
from converter_lightgbm.exporters.onnxmltools import write_onnxmltools
from converter_lightgbm.loading import Loaded, load_model

ROWS = Axis(low=1, high=4096, usual=512)


def load(request: LoadRequest) -> LightGBMModel:
    """Load the model of a request; raises what `load_model` raises, and MissingInputs where given inputs or the table do not fit."""
    loaded = load_model(request.source, trust=request.trust)
    columns = columns_of(loaded.text)
    matrix = _given(request.inputs, len(columns)) if request.inputs else _found(loaded, columns, request)
    return LightGBMModel(loaded, columns, matrix, request.axes if request.inputs else {"batch": ROWS})


class LightGBMModel(SourceModel):
    """A LightGBM model. Its input is a matrix of numbers; categories are their codes."""

    def __init__(self, loaded: Loaded, columns: Sequence[Column], matrix: Input, axes: Mapping[str, Axis]) -> None:
        self.loaded = loaded
        self.columns = columns
        self.inputs = (matrix,)
        self.axes = {name: ROWS if axis == Axis() else axis for name, axis in axes.items()}
        self.exporters = (Exporter("onnxmltools", partial(write_onnxmltools, self)),)
        self.outputs = outputs_of(loaded)
        self.metadata = metadata_of(loaded)
        self.summary = self._summary()

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer, computed in double precision."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rows without column names are meant
            return ask(self.loaded, feeds[self.inputs[0].name].astype(np.float64))

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random rows: half of the values on a threshold or one step beside it, missing ones and unknown categories where the model knows such."""
        (matrix,) = self.inputs
        rows = evaluate(matrix.dims[0], sizes)
        dtype = np.dtype(matrix.dtype)
        return {matrix.name: np.stack([column.draw(rng, rows, dtype) for column in self.columns], axis=-1)}

    def _summary(self) -> str:
        loaded, classes = self.loaded, classes_of(self.loaded)
        kind = type(loaded.wrapper or loaded.booster).__name__
        counted = f", {len(classes)} classes" if len(classes) else ""
        return f"{kind}, {loaded.text.objective or 'own objective'}: {loaded.text.trees} trees, {len(self.columns)} features{counted}"


def _given(inputs: Sequence[Input], width: int) -> Input:
    wanted = f"--input 'features:float32[batch,{width}]'"
    if len(inputs) != 1 or inputs[0].dims[1:] != (width,):
        shown = ", ".join(f"{each.name}{list(each.dims)}" for each in inputs)
        raise MissingInputs(f"the model takes one matrix of {width} features, not {shown}", hint=wanted)
    if inputs[0].dtype not in {"float32", "float64"}:
        raise MissingInputs(f"the model takes floats, not {inputs[0].dtype}", hint=wanted)
    return inputs[0]


def _found(loaded: Loaded, columns: Sequence[Column], request: LoadRequest) -> Input:
    bounded = [column for column in columns if not column.categories]
    low = min((column.low for column in bounded), default=0.0)
    high = max((column.high for column in bounded), default=float(max((max(column.categories, default=0) for column in columns), default=0)))
    domain = Domain(low, high, nan=any(column.nan for column in columns))
    return Input("features", "float32", ("batch", len(columns)), domain, _names(loaded.text.feature_names, request))


def _names(names: tuple[str, ...], request: LoadRequest) -> tuple[str, ...]:
    """Return the table columns of the features: their own names, or a table's in its order where LightGBM made the names up."""
    table = request.columns
    if table is None or all(name in table for name in names):
        return names
    by_underscore = {name.replace(" ", "_"): name for name in table}  # as LightGBM writes names
    if all(name in by_underscore for name in names):
        return tuple(by_underscore[name] for name in names)
    if all(name == f"Column_{place}" for place, name in enumerate(names)) and len(table) == len(names):
        return tuple(table)
    missing = next(name for name in names if name not in table)
    hint = f"its columns: {', '.join(table)}; leave the target out where the model knows no names"
    raise MissingInputs(f"the table lacks the column '{missing}' of the {len(names)} that {request.source.name} takes", hint=hint)
