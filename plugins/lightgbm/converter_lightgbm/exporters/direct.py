"""The graph written from the model's own text, through converter.trees: decisions as LightGBM's for every row, whatever the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converter.plugin import ExportRequest
from converter.trees import Ensemble, add_leaves, add_scores, heads
from converter.writing import Document
from converter_lightgbm.ensemble import Matrix, ensemble_of, leaf_numbers
from converter_lightgbm.linear import linear_sums
from converter_lightgbm.links import linked
from converter_lightgbm.objectives import Link
from converter_lightgbm.precision import needs_double_sums

if TYPE_CHECKING:
    from converter_lightgbm.model import LightGBMModel

OPSET = 21
_ONNX_TYPES = {"float32": 1, "float64": 11}


def write_direct(model: LightGBMModel, request: ExportRequest) -> None:
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


def answers(document: Document, model: LightGBMModel, features: str) -> dict[str, _Answer]:
    """Write what the model's method answers to rows [batch, features] of its input's dtype, by the names of its outputs."""
    return _leaf(document, model, features) if model.method == "leaf" else _answers(document, model, features)


def _leaf(document: Document, model: LightGBMModel, features: str) -> dict[str, _Answer]:
    return {"leaves": (_leaves(document, model, features), "int64", (len(model.loaded.text.trees),))}


def _leaves(document: Document, model: LightGBMModel, features: str) -> str:
    """LightGBM's number of the leaf that a row reaches in each tree, int64 [batch, trees]."""
    ensemble, matrix = _trees(document, model, features)
    return add_leaves(document, ensemble, matrix, model.inputs[0].dtype, leaf_numbers(model.loaded.text.trees))


def _sums(document: Document, model: LightGBMModel, features: str) -> tuple[str, str]:
    """The trees' sums [batch, scores], and their dtype: double precision whatever the input where terms cancel, as those of linear functions do."""
    text, dtype = model.loaded.text, model.inputs[0].dtype
    if text.trees.linear is not None:
        return linear_sums(document, text, text.trees.linear, features, _leaves(document, model, features)), "float64"
    ensemble, matrix = _trees(document, model, features)
    link = Link.IDENTITY if model.method == "raw" else text.objective.link
    if dtype == "float32" and needs_double_sums(text, link):
        return add_scores(document, ensemble, document.node("Cast", matrix, to=_ONNX_TYPES["float64"]), "float64"), "float64"
    return add_scores(document, ensemble, matrix, dtype), dtype


def _trees(document: Document, model: LightGBMModel, features: str) -> tuple[Ensemble, str]:
    """The trees, and the matrix that they read."""
    text, dtype = model.loaded.text, model.inputs[0].dtype
    matrix = Matrix.of(text.trees, text.width)
    return ensemble_of(text, matrix, dtype), matrix.write(document, features, dtype)


def _answers(document: Document, model: LightGBMModel, features: str) -> dict[str, _Answer]:
    text = model.loaded.text
    sums, dtype = _sums(document, model, features)
    if model.method == "raw":
        return {"raw": _narrowed(document, model, sums, dtype, text.scores)}
    if text.averages:
        sums = document.node("Div", sums, document.constant(np.array([len(text.trees) // text.scores], dtype)))
    answer = linked(document, sums, text.objective, dtype)
    if not model.classes.size:
        return {"prediction": _narrowed(document, model, answer, dtype, text.scores)}
    columns = heads.two_columns(document, answer, dtype) if text.scores == 1 else answer
    ranked = _ranked(document, model, sums, columns) if dtype == "float32" else columns
    label = heads.labels(document, ranked, _repeated(model.classes, text.scores))
    probabilities = _narrowed(document, model, columns, dtype, max(2, text.scores))
    return {"label": (label, "string" if model.classes.dtype == object else str(model.classes.dtype), ()), "probabilities": probabilities}


def _narrowed(document: Document, model: LightGBMModel, value: str, dtype: str, width: int) -> _Answer:
    """A value [batch, width] in the input's dtype; one column is [batch]."""
    wanted = model.inputs[0].dtype
    cast = value if dtype == wanted else document.node("Cast", value, to=_ONNX_TYPES[wanted])
    return (heads.flat(document, cast), wanted, ()) if width == 1 else (cast, wanted, (width,))


def _ranked(document: Document, model: LightGBMModel, sums: str, probabilities: str) -> str:
    """Numbers [batch, classes] that rank the classes as their probabilities do in double precision, where those of float32 are all but 0 and 1."""
    if model.loaded.text.objective.link not in {Link.SIGMOID, Link.SOFTMAX}:
        return probabilities
    return document.node("Concat", document.node("Neg", sums), sums, axis=1) if model.loaded.text.scores == 1 else sums


def _repeated(classes: np.ndarray, scores: int) -> np.ndarray:
    """The classes; one that a classifier of a single class has stands for both columns."""
    return np.repeat(classes, 2) if len(classes) == scores == 1 else classes
