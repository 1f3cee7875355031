"""The graph of one estimator that has a Writer, trees above all, written node by node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from converter.plugin import ExportError, ExportRequest
from converter.trees import Document
from converter_sklearn.estimators import Block, Writer, writer_of

if TYPE_CHECKING:
    from converter_sklearn.model import SklearnModel

OPSET = 21


def core_of(estimator: Any) -> Any:
    """Return the estimator that answers: the best one of a search, else itself."""
    return estimator.best_estimator_ if hasattr(estimator, "best_estimator_") else estimator


def write_direct(model: SklearnModel, request: ExportRequest) -> None:
    """Write the graph of the model's answers; raises ExportError for an estimator, or a method of it, that its Writer does not write."""
    document = Document(request.opset or OPSET)
    for each in model.inputs:
        document.input(each.name, each.dtype, [dim if isinstance(dim, int) else str(dim) for dim in each.dims])
    dtype = "float64" if any(each.dtype == "float64" for each in model.inputs) else "float32"
    writer = made(document, core_of(model.estimator), list(_blocks(model)), dtype)
    for answer in model.answers:
        kind = model.dtypes[answer.output.name]
        value = value_of(writer, answer.method, answer.place)
        document.output(answer.output.name, value, dtype if kind.startswith("float") else kind, [None] * model.ranks[answer.output.name])
    document.write(request.path)


def made(document: Document, estimator: Any, blocks: list[Block], dtype: str) -> Writer:
    """Return the writer of an estimator; raises ExportError where it cannot be written."""
    kind = writer_of(estimator)
    name = type(estimator).__name__
    if kind is None:
        raise ExportError("sklearn", "direct", f"nothing writes a {name}", hint="-e skl2onnx converts more estimators")
    if fault := kind.fault(estimator):
        raise ExportError("sklearn", "direct", f"this {name} cannot be written: {fault}", hint="-e skl2onnx tries the library's own graph")
    return kind(document, estimator, blocks, dtype)


def is_written(estimator: Any) -> bool:
    """Tell whether an estimator is fitted and has a Writer that can write it."""
    kind = writer_of(estimator)
    return kind is not None and _is_fitted(estimator) and not kind.fault(estimator)


def part(document: Document, estimator: Any, blocks: Sequence[Block], dtype: str) -> Writer:
    """Return the writer of a part of an estimator: its own, else one that writes what skl2onnx knows of it."""
    kind = writer_of(estimator)
    if kind is not None and is_written(estimator):
        return kind(document, estimator, blocks, dtype)
    from converter_sklearn.exporters.library import Library  # slow to import, and rarely needed

    return Library(document, estimator, blocks, dtype)


def value_of(writer: Writer, method: str, place: int | None = None) -> str:
    """Return the value of a method of an estimator: of several outputs the one at a place, else stacked.

    Raises ExportError where its writer does not write that method.
    """
    write = getattr(writer, method, None)
    if write is None:
        name = type(writer.estimator).__name__
        raise ExportError("sklearn", "direct", f"the {method} of a {name} is not written", hint="-O method=predict converts what it predicts")
    found: str | list[str] = write()
    if isinstance(found, str):
        return found
    if place is not None:
        return found[place]
    first = writer.document.constant(np.array([0], np.int64))
    return writer.document.node("Concat", *(writer.document.node("Unsqueeze", each, first) for each in found), axis=0)


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def _blocks(model: SklearnModel) -> Iterator[Block]:
    """Yield the inputs in the order of the estimator's columns."""
    names = [str(name) for name in getattr(core_of(model.estimator), "feature_names_in_", [])]
    pairs = list(zip(model.inputs, model.layout.blocks, strict=True))
    if model.layout.framed and names:
        pairs.sort(key=lambda pair: names.index(pair[1][0].name))
    for each, columns in pairs:
        yield Block(each.name, each.dtype, len(columns))
