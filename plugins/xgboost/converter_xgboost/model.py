"""The heavy half: one loaded XGBoost model with its input and outputs."""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from converter.plugin import Axis, Domain, Exporter, ExportRequest, Input, LoadRequest, MissingInputs, SourceModel, evaluate
from converter.trees import Column, Ensemble, led, rows_to_prove
from converter_xgboost.answers import ask, classes_of, metadata_of, outputs_of
from converter_xgboost.asked import Asked, asked_of
from converter_xgboost.columns import columns_of
from converter_xgboost.doubles import ask_in_double
from converter_xgboost.ensemble import ensemble_of
from converter_xgboost.exporters.direct import write_direct
from converter_xgboost.linear import Linear, linear_of
from converter_xgboost.loading import Loaded, load_model
from converter_xgboost.model_json import GBLINEAR

MISSING = 0.1  # of the values are the number that stands for missing ones, where there is one


def load(request: LoadRequest) -> XGBoostModel:
    """Load the model of a request.

    Raises what `load_model` and `asked_of` raise, and MissingInputs where given inputs or the table do not fit.
    """
    loaded = load_model(request.source, trust=request.trust)
    asked = asked_of(loaded, request)
    scorer = scorer_of(loaded, asked)
    columns = columns_of(loaded, scorer)
    matrix = _given(request.inputs, len(columns)) if request.inputs else _found(loaded, columns, request)
    return XGBoostModel(loaded, asked, scorer, columns, matrix, request.axes if request.inputs else {"batch": Axis()})


def scorer_of(loaded: Loaded, asked: Asked) -> Ensemble | Linear:
    """Return what gives a model's margins: the trees of the iterations that count, or its weights."""
    if loaded.document.booster == GBLINEAR:
        return linear_of(loaded.document)
    first, stop = loaded.document.iterations[[asked.begin, asked.end]]
    return ensemble_of(loaded.document, int(first), int(stop))


class XGBoostModel(SourceModel):
    """An XGBoost model. Its input is a matrix of numbers; categories are their codes."""

    def __init__(
        self,
        loaded: Loaded,
        asked: Asked,
        scorer: Ensemble | Linear,
        columns: Sequence[Column],
        matrix: Input,
        axes: Mapping[str, Axis],
    ) -> None:
        self.loaded = loaded
        self.asked = asked
        self.scorer = scorer
        self.columns = columns
        self.inputs = (matrix,)
        rows = rows_to_prove(scorer) if isinstance(scorer, Ensemble) else Axis()
        self.axes = {name: rows if axis == Axis() else axis for name, axis in axes.items()}
        self.outputs = outputs_of(loaded, asked)
        self.exporters = self._exporters()
        self.metadata = metadata_of(loaded)
        self.summary = self._summary()

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answer; to float64 rows its scores are summed in double precision."""
        (matrix,) = self.inputs
        with np.errstate(over="ignore"):
            rows = feeds[matrix.name].astype(np.float32)  # as XGBoost takes every number
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rows without column names are meant
            if matrix.dtype == "float64":
                return ask_in_double(self.loaded, self.asked, self.scorer, rows)
            return ask(self.loaded, self.asked, rows)

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random rows: on thresholds or one step beside them, most rows at a split that they come to, and strange values."""
        (matrix,) = self.inputs
        rows = evaluate(matrix.dims[0], sizes)
        drawn = np.stack([column.draw(rng, rows, np.dtype(np.float32)) for column in self.columns], axis=-1)
        if not math.isnan(self.asked.missing):
            drawn = np.where(rng.random(drawn.shape) < MISSING, np.float32(self.asked.missing), drawn)
        if isinstance(self.scorer, Ensemble):
            drawn = led(self.scorer, drawn, rng)
        return {matrix.name: drawn.astype(matrix.dtype)}

    def _exporters(self) -> tuple[Exporter, ...]:
        direct = Exporter("direct", partial(write_direct, self))
        if importlib.util.find_spec("onnxmltools") is None or self.asked.method in {"raw", "leaf"} or isinstance(self.scorer, Linear):
            return (direct,)
        return (direct, Exporter("onnxmltools", self._write_onnxmltools))

    def _write_onnxmltools(self, request: ExportRequest) -> None:
        from converter_xgboost.exporters.onnxmltools import write_onnxmltools  # the library need not be there

        write_onnxmltools(self, request)

    def _summary(self) -> str:
        loaded, classes = self.loaded, classes_of(self.loaded)
        kind = type(loaded.wrapper or loaded.booster).__name__
        counted = f", {len(classes)} classes" if len(classes) else ""
        size = f"{self.scorer.trees} trees" if isinstance(self.scorer, Ensemble) else "linear"
        return f"{kind}, {loaded.document.objective_name}: {size}, {len(self.columns)} features{counted}"


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
    dtype = str(request.options.get("dtype", "float32"))
    return Input("features", dtype, ("batch", len(columns)), Domain(low, high, nan=True), _names(loaded, len(columns), request))


def _names(loaded: Loaded, width: int, request: LoadRequest) -> tuple[str, ...]:
    """Return the table columns of the features: the model's names, or a table's in its order where the model has none."""
    names, table = loaded.document.names, request.columns
    if table is None:
        return names or tuple(f"f{place}" for place in range(width))
    hint = f"its columns: {', '.join(table)}"
    if missing := [name for name in names if name not in table]:
        raise MissingInputs(f"the table lacks the column '{missing[0]}' of the {width} that {request.source.name} takes", hint=hint)
    if not names and len(table) != width:
        message = f"the table has {len(table)} columns, {request.source.name} takes {width} without names"
        raise MissingInputs(message, hint=f"{hint}; leave the target out")
    return names or tuple(table)
