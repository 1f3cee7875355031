"""The heavy half: one loaded LightGBM model with its input and outputs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from converter.plugin import Axis, Domain, Exporter, ExportRequest, Input, LoadRequest, MissingInputs, SourceModel, evaluate
from converter.trees import Column
from converter_lightgbm.answers import ask, classes_of, metadata_of, outputs_of
from converter_lightgbm.columns import columns_of
from converter_lightgbm.exporters.direct import write_direct
from converter_lightgbm.loading import Loaded, load_model
from converter_lightgbm.plugin import LightGBM
from converter_lightgbm.sampling import Sampler


def load(request: LoadRequest) -> LightGBMModel:
    """Load the model of a request.

    Raises what `load_model` and `outputs_of` raise, and MissingInputs where given inputs or the table do not fit.
    """
    options = {**_DEFAULTS, **request.options}
    iterations = {name: int(options[name]) for name in ("start_iteration", "num_iteration")}
    loaded = load_model(request.source, trust=request.trust, **iterations)
    columns = columns_of(loaded.text)
    if request.inputs:
        return LightGBMModel(loaded, columns, _given(request.inputs, len(columns), options["dtype"]), request.axes, options["method"])
    return LightGBMModel(loaded, columns, _found(loaded, columns, request, options["dtype"]), {"batch": Axis()}, options["method"])


_DEFAULTS: Mapping[str, Any] = {option.name: option.default for option in LightGBM.options}


class LightGBMModel(SourceModel):
    """A LightGBM model. Its input is a matrix of numbers; categories are their codes."""

    def __init__(self, loaded: Loaded, columns: Sequence[Column], matrix: Input, axes: Mapping[str, Axis], method: str) -> None:
        self.loaded = loaded
        self.columns = columns
        self.method = method
        self.classes = classes_of(loaded)
        self.inputs = (matrix,)
        self._sampler = Sampler(loaded.text, columns, matrix.dtype)
        self.axes = {name: self._sampler.batch if axis == Axis() else axis for name, axis in axes.items()}
        self.outputs = outputs_of(loaded, method)
        self.exporters = (
            Exporter("direct", partial(write_direct, self)),
            *([Exporter("onnxmltools", self._write_onnxmltools)] if method == "predict" else []),
        )
        self.metadata = metadata_of(loaded)
        self.summary = self._summary()

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer, computed in double precision."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rows without column names are meant
            return ask(self.loaded, self.method, feeds[self.inputs[0].name].astype(np.float64))

    def _write_onnxmltools(self, request: ExportRequest) -> None:
        from converter_lightgbm.exporters.onnxmltools import write_onnxmltools  # slow to import, and rarely needed

        write_onnxmltools(self, request)

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random rows: on thresholds or one step beside them, most at a split that they come to, and strange values."""
        (matrix,) = self.inputs
        return {matrix.name: self._sampler.draw(rng, evaluate(matrix.dims[0], sizes))}

    def _summary(self) -> str:
        text = self.loaded.text
        counted = f", {len(self.classes)} classes" if len(self.classes) else ""
        return f"{self.loaded.kind}, {text.objective.name or 'own objective'}: {len(text.trees)} trees, {len(self.columns)} features{counted}"


def _given(inputs: Sequence[Input], width: int, dtype: str) -> Input:
    wanted = f"--input 'features:{dtype}[batch,{width}]'"
    if len(inputs) != 1 or inputs[0].dims[1:] != (width,):
        shown = ", ".join(f"{each.name}{list(each.dims)}" for each in inputs)
        raise MissingInputs(f"the model takes one matrix of {width} features, not {shown}", hint=wanted)
    if inputs[0].dtype not in ({"float32", "float64"} if dtype == "float32" else {dtype}):
        raise MissingInputs(f"the model takes {'floats' if dtype == 'float32' else dtype}, not {inputs[0].dtype}", hint=wanted)
    return inputs[0]


def _found(loaded: Loaded, columns: Sequence[Column], request: LoadRequest, dtype: str) -> Input:
    bounded = [column for column in columns if not column.categories]
    low = min((column.low for column in bounded), default=0.0)
    high = max((column.high for column in bounded), default=float(max((max(column.categories, default=0) for column in columns), default=0)))
    domain = Domain(low, high, nan=any(column.nan for column in columns))
    names = _names(loaded.text.feature_names, request)
    _check_codes(loaded, names, request)
    return Input("features", dtype, ("batch", len(columns)), domain, names)


def _names(names: tuple[str, ...], request: LoadRequest) -> tuple[str, ...]:
    """Return the table columns of the features: their own names, or a table's in its order where LightGBM made the names up."""
    table = request.columns
    if table is None or all(name in table for name in names):
        return names
    by_underscore = {name.replace(" ", "_"): name for name in table}  # as LightGBM writes names
    if all(name in by_underscore for name in names):
        return tuple(by_underscore[name] for name in names)
    hint = f"its columns: {', '.join(table)}"
    if any(name != f"Column_{place}" for place, name in enumerate(names)):
        missing = next(name for name in names if name not in by_underscore)
        raise MissingInputs(f"the table lacks the column '{missing}' of the {len(names)} that {request.source.name} takes", hint=hint)
    if len(table) != len(names):
        message = f"the table has {len(table)} columns, {request.source.name} takes {len(names)} without names"
        raise MissingInputs(message, hint=f"{hint}; leave the target out")
    return tuple(table)


def _has_words(column: np.ndarray) -> bool:
    return column.dtype.kind in "OUS" and any(isinstance(value, str) for value in column)


def _check_codes(loaded: Loaded, names: Sequence[str], request: LoadRequest) -> None:
    """See that a table holds no words where the model knows categories: rows of numbers have their codes."""
    if not loaded.booster.pandas_categorical or request.columns is None:
        return
    worded = next((name for name in names if _has_words(request.columns[name])), None)
    if worded is not None:
        hint = f"codes are what table['{worded}'].cat.codes gives; the model's categories, in their order: {metadata_of(loaded)['categories']}"
        raise MissingInputs(f"the column '{worded}' of the table holds words, {request.source.name} takes the codes of its categories", hint=hint)
