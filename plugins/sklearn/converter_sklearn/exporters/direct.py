"""The graph of an estimator as its Writers write it, node by node: composition, arithmetic and trees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converter.plugin import ExportError, ExportRequest, UsageError
from converter.writing import Document, Value, side_by_side
from converter_sklearn.estimators import Block
from converter_sklearn.exporters.cost import note_of
from converter_sklearn.parts import answers, part

if TYPE_CHECKING:
    from converter_sklearn.answers import Answer
    from converter_sklearn.model import SklearnModel

OPSET = 21


ROWS = 32  # on which double precision is timed


def write_direct(model: SklearnModel, request: ExportRequest) -> str:
    """Write the graph of the model's answers, and return a note where its precision costs much.

    Raises ExportError for an estimator, or a method of it, that nothing writes.
    """
    opset = request.opset or OPSET
    floats = "float64" if any(each.dtype == "float64" for each in model.inputs) else "float32"
    _write(model, request.path, opset, floats, model.compute)
    if model.compute == floats:
        return ""
    feeds = model.sample(np.random.default_rng(0), dict.fromkeys(model.axes, ROWS))
    return note_of(request.path, lambda path: _write(model, path, opset, floats, floats), feeds)


def _write(model: SklearnModel, path: Path, opset: int, floats: str, compute: str) -> None:
    """Write a graph that answers in `floats` and computes in another precision."""
    try:
        _document(model, opset, floats, compute, trees=floats).write(path)
    except UsageError:  # trees of both precisions, which no version of ai.onnx.ml holds together
        _document(model, opset, floats, compute, trees="float64").write(path)


def _document(model: SklearnModel, opset: int, floats: str, compute: str, *, trees: str) -> Document:
    """Return the graph, whose trees are written in the precision `trees`."""
    document = Document(opset)
    for each in model.inputs:
        document.input(each.name, each.dtype, [dim if isinstance(dim, int) else str(dim) for dim in each.dims])
    writer = part(document, model.estimator, list(_blocks(model)), trees, compute)
    written = {method: answers(writer, method) for method in dict.fromkeys(answer.method for answer in model.answers)}
    for answer in model.answers:
        value = _one(written[answer.method], answer)
        kind = model.dtypes[answer.output.name]
        value = _of_kind(value, floats if kind.startswith("float") else kind)
        document.output(answer.output.name, value.name, value.dtype, [None] * model.ranks[answer.output.name])
    return document


def _one(values: list[Value], answer: Answer) -> Value:
    """Return the value of an answer: of several outputs the one at its place, else stacked."""
    if answer.place is not None:
        return values[answer.place]
    return side_by_side([each.wide(0) for each in values], axis=0) if len(values) > 1 else values[0]


def _of_kind(value: Value, dtype: str) -> Value:
    """Return a value in the dtype of an output."""
    if "string" in {value.dtype, dtype} and value.dtype != dtype:
        raise ExportError("sklearn", "direct", f"it answers {dtype}s, and the graph would answer {value.dtype}s", hint="-e skl2onnx")
    return value.cast(dtype)


def _blocks(model: SklearnModel) -> Iterator[Block]:
    """Yield the inputs in the order of the estimator's columns; a column that no input has, since nothing reads it, is a block without a value."""
    if not model.layout.framed or not model.names:
        yield from (Block(each.name, each.dtype, len(columns)) for each, columns in zip(model.inputs, model.layout.blocks, strict=True))
        return
    blocks = {columns[0].name: Block(each.name, each.dtype, len(columns)) for each, columns in zip(model.inputs, model.layout.blocks, strict=True)}
    held = {column.name for columns in model.layout.blocks for column in columns}
    for name in model.names:
        if name in blocks:
            yield blocks[name]
        elif name not in held:
            yield Block("", "float32", 1)
