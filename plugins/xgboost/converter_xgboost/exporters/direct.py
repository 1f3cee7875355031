"""The model as it is: its trees through the writer of converter.trees, or its weights, and what its objective makes of them.

    features ─ float32 ─ missing: NaN ─┬─ categories: rounded down ─ trees ─┬─ margins ─ link ─ probabilities ─ label
                                       └─ missing: 0 ─ weights ─────────────┘

XGBoost reads every number as float32 and compares so; with a float64 input only the sums and what follows are double.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.plugin import ExportRequest
from converter.trees import Ensemble, add_leaves, add_scores, heads
from converter.writing import Document
from converter_xgboost.answers import HALF, has_several_labels, is_classifier
from converter_xgboost.ensemble import node_numbers, whole_columns
from converter_xgboost.linear import Linear
from converter_xgboost.objectives import Link

if TYPE_CHECKING:
    from converter_xgboost.model import XGBoostModel

OPSET = 21
_FLOAT, _INT64, _DOUBLE = 1, 7, 11  # ONNX's numbers of dtypes


def write_direct(model: XGBoostModel, request: ExportRequest) -> None:
    """Write the graph of the model's method."""
    (matrix,) = model.inputs
    document = Document(request.opset or OPSET)
    found = answers(document, model, document.input(matrix.name, matrix.dtype, matrix.dims))
    for output in model.outputs:
        value, dtype, columns = found[output.name]
        document.output(output.name, value, dtype, [matrix.dims[0], *columns])
    document.write(request.path)


_Answer = tuple[str, str, tuple[int, ...]]
"""The name of a value, its dtype, and its dims behind the batch."""


def answers(document: Document, model: XGBoostModel, features: str) -> dict[str, _Answer]:
    """Write what the model's method answers to rows [batch, features] of its input's dtype, by the names of its outputs."""
    rows = _rows(document, model, features)
    if model.asked.method == "leaf":
        return _leaves(document, model, rows)
    margins = _margins(document, model, rows)
    return {"raw": _narrowed(document, model, margins)} if model.asked.method == "raw" else _answers(document, model, margins)


def _rows(document: Document, model: XGBoostModel, matrix: str) -> str:
    """The matrix in float32, as XGBoost takes every number, NaN where a value is missing."""
    rows = document.node("Cast", matrix, to=_FLOAT) if model.inputs[0].dtype == "float64" else matrix
    if math.isnan(model.asked.missing):
        return rows
    is_missing = document.node("Equal", rows, document.constant(np.array(model.asked.missing, np.float32)))
    return document.node("Where", is_missing, document.constant(np.array(np.nan, np.float32)), rows)


def _margins(document: Document, model: XGBoostModel, rows: str) -> str:
    """What the objective's link is put to: [batch, groups] of the input's dtype."""
    dtype = model.inputs[0].dtype
    if isinstance(model.scorer, Ensemble):
        widened, whole = _widened(document, model.scorer, rows, dtype)
        return add_scores(document, widened, whole, dtype)
    present = document.node("Where", document.node("IsNaN", rows), document.constant(np.zeros((), np.float32)), rows)
    wide = document.node("Cast", present, to=_DOUBLE) if dtype == "float64" else present
    return _linear(document, model.scorer, wide, dtype)


def _linear(document: Document, linear: Linear, rows: str, dtype: str) -> str:
    product = document.node("MatMul", rows, document.constant(linear.weights.astype(dtype)))
    return document.node("Add", product, document.constant(linear.bias.astype(dtype)))


def _widened(document: Document, ensemble: Ensemble, rows: str, dtype: str) -> tuple[Ensemble, str]:
    """The ensemble, and the matrix of `dtype` that it reads: behind the columns those of categories again, rounded down."""
    columns = whole_columns(ensemble)
    if len(columns):
        assert ensemble.sets is not None
        whole = document.node("Floor", document.node("Gather", rows, document.constant(columns), axis=1))
        rows = document.node("Concat", rows, whole, axis=1)
        behind = ensemble.width + np.searchsorted(columns, ensemble.features)
        features = np.where(ensemble.sets >= 0, behind, ensemble.features)
        ensemble = dataclasses.replace(ensemble, width=ensemble.width + len(columns), features=features)
    return ensemble, document.node("Cast", rows, to=_DOUBLE) if dtype == "float64" else rows


def _answers(document: Document, model: XGBoostModel, margins: str) -> dict[str, _Answer]:
    """The label and the scores of a classifier, or the prediction."""
    objective, dtype, groups = model.loaded.document.objective, model.inputs[0].dtype, model.loaded.document.groups
    scores = _linked(document, margins, objective.link, dtype)
    found = {"prediction": _narrowed(document, model, scores)}
    if not is_classifier(model.loaded):
        return found
    if groups > 1 and not has_several_labels(model.loaded):
        label = document.node("ArgMax", margins if objective.says_class else scores, axis=1, keepdims=0)
        return {"label": (label, "int64", ()), "probabilities": (scores, dtype, (groups,))}
    above = document.node("Greater", scores, document.constant(np.array(HALF, dtype)))
    found["label"] = _narrowed(document, model, document.node("Cast", above, to=_INT64), "int64")
    if objective.classifies:
        columns = heads.two_columns(document, scores, dtype) if groups == 1 else scores
        found["probabilities"] = columns, dtype, (max(groups, 2),)
    return found


def _leaves(document: Document, model: XGBoostModel, rows: str) -> dict[str, _Answer]:
    assert isinstance(model.scorer, Ensemble)
    widened, whole = _widened(document, model.scorer, rows, "float32")
    return {"leaves": (add_leaves(document, widened, whole, "float32", node_numbers(model.scorer)), "int64", (model.scorer.trees,))}


def _narrowed(document: Document, model: XGBoostModel, value: str, dtype: str = "") -> _Answer:
    """A value [batch, groups] of a dtype, the input's if none is named; one column is [batch]."""
    groups = model.loaded.document.groups
    return (value, dtype or model.inputs[0].dtype, (groups,)) if groups > 1 else (heads.flat(document, value), dtype or model.inputs[0].dtype, ())


def _linked(document: Document, margins: str, link: Link, dtype: str) -> str:
    if link is Link.IDENTITY:
        return margins
    if link is Link.STEP:
        above = document.node("Greater", margins, document.constant(np.zeros((), dtype)))
        return document.node("Cast", above, to=_DOUBLE if dtype == "float64" else _FLOAT)
    attributes: dict[str, Any] = {"axis": -1} if link is Link.SOFTMAX else {}
    return document.node({Link.SIGMOID: "Sigmoid", Link.EXP: "Exp", Link.SOFTMAX: "Softmax"}[link], margins, **attributes)
