"""The trees as they are: float32 borders are exact, and what the loss function makes of their sum is a few nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.plugin import ExportRequest
from converter.trees import add_leaves, add_scores
from converter.trees.heads import flat, labels, two_columns
from converter.writing import Document
from converter_catboost.answers import border_of, classes_of
from converter_catboost.ensemble import ensemble_of, leaf_numbers
from converter_catboost.exporters.matrix import matrix_of
from converter_catboost.losses import Link, Task, loss_of

if TYPE_CHECKING:
    from converter_catboost.model import CatBoostModel
    from converter_catboost.model_blob import ModelBlob

_OPSET = 20
_INT64 = 7  # of ONNX's TensorProto


@dataclass(frozen=True)
class Answer:
    """A value of the graph: its name, its dtype, and how many columns it has, None for [batch]."""

    value: str
    dtype: str
    columns: int | None = None


def write_direct(model: CatBoostModel, request: ExportRequest) -> None:
    """Write the graph."""
    document = Document(request.opset or _OPSET)
    found = answers(document, model, matrix_of(document, model.layout))
    for output in model.outputs:
        answer = found[output.name]
        dims = [model.inputs[0].dims[0], *([] if answer.columns is None else [answer.columns])]
        document.output(output.name, answer.value, answer.dtype, dims)
    document.write(request.path)


def answers(document: Document, model: CatBoostModel, matrix: str) -> dict[str, Answer]:
    """Add what the model makes of a matrix [batch, width of the splits] in the layout's dtype; return the value of each output."""
    blob, trees, method, dtype = model.loaded.blob, model.asked.trees, model.asked.method, model.layout.dtype
    ensemble = ensemble_of(blob, trees, model.layout.splits)
    if method == "leaf":
        return {"leaves": Answer(add_leaves(document, ensemble, matrix, dtype, leaf_numbers(blob, trees)), "int64", trees)}
    raw, loss = add_scores(document, ensemble, matrix, dtype), loss_of(blob.loss)
    if method == "raw":
        return {"raw": _number(document, raw, blob, dtype)}
    linked = _linked(document, raw, loss.link, dtype)
    if loss.task is Task.PREDICTION:
        return {"prediction": _number(document, linked, blob, dtype)}
    if loss.task is Task.CLASSES and blob.dimension == 1:
        linked = two_columns(document, linked, dtype)
    count = 2 if loss.task is Task.CLASSES and blob.dimension == 1 else blob.dimension
    found = {"probabilities": Answer(linked, dtype, count)}
    return found if method == "probability" else {"label": _label(document, raw, blob, dtype), **found}


def _number(document: Document, values: str, blob: ModelBlob, dtype: str) -> Answer:
    return Answer(flat(document, values), dtype) if blob.dimension == 1 else Answer(values, dtype, blob.dimension)


def _linked(document: Document, raw: str, link: Link, dtype: str) -> str:
    if link is Link.EXP:
        return document.node("Exp", raw)
    if link is Link.SIGMOID:
        return document.node("Sigmoid", raw)
    if link is Link.SOFTMAX:
        return document.node("Softmax", raw, axis=1)
    if link is Link.UNCERTAINTY:
        mean, deviation = (document.node("Gather", raw, document.constant(np.array([column], np.int64)), axis=1) for column in (0, 1))
        variance = document.node("Exp", document.node("Mul", deviation, document.constant(np.array(2, dtype))))
        return document.node("Concat", mean, variance, axis=1)
    return raw


def _label(document: Document, raw: str, blob: ModelBlob, dtype: str) -> Answer:
    """The label, decided on the raw answer as CatBoost decides it."""
    classes: np.ndarray[Any, Any] = classes_of(blob)
    kind = {"O": "string", "i": "int64", "f": "float64"}[classes.dtype.kind]
    several = loss_of(blob.loss).task is Task.LABELS
    if blob.dimension > 1 and not several:
        return Answer(labels(document, raw, classes), kind)
    above = document.node("Cast", document.node("Greater", raw, document.constant(np.array(border_of(blob), dtype))), to=_INT64)
    if several:
        return Answer(above, "int64", blob.dimension)
    return Answer(document.node("Gather", document.constant(classes), flat(document, above)), kind)
