"""The parts of an estimator: the Writer of each, and what it answers as values. Public for plugins whose estimators hold others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_outlier_detector, is_regressor

from converter.writing import Document, Value, side_by_side
from converter_sklearn.estimators import Block, Writer, fault_of, writer_of


def part(document: Document, estimator: Any, blocks: Sequence[Block], dtype: str, compute: str) -> Writer:
    """Return the writer of a fitted estimator: its own, else one that writes what skl2onnx knows of it."""
    if len(blocks) == 1 and not blocks[0].width:
        blocks = [replace(blocks[0], width=int(getattr(estimator, "n_features_in_", 0)))]
    kind = writer_of(estimator)
    if kind is None or fault_of(estimator):
        from converter_sklearn.exporters.library import Library  # slow to import, and rarely needed

        kind = Library
    is_double = dtype == "float64" or (kind.compares == "float64" and any(block.dtype == "float64" for block in blocks))
    return kind(document, estimator, blocks, "float64" if is_double else "float32", compute)


def answer(writer: Writer, method: str) -> Value:
    """Return the value of a method, one for which there is one value; raises ExportError where its writer does not write that method."""
    (found,) = answers(writer, method)
    return found


def answers(writer: Writer, method: str) -> list[Value]:
    """Return the values of a method, one for each output where the estimator answers with a list; raises ExportError as above."""
    written = writer.write(method)
    if isinstance(written, str | Value):
        return [_value(writer, method, written)]
    if any(isinstance(each, Block) for each in written):
        return [_together(writer, [each for each in written if isinstance(each, Block)])]
    return [_value(writer, method, each) for each in written if isinstance(each, str | Value)]


def value_in(dtype: str, writer: Writer, method: str) -> str:
    """Return the name of the value of a method, floats in a dtype."""
    found = answer(writer, method)
    return found.cast(dtype).name if found.dtype.startswith("float") else found.name


def columns(writer: Writer) -> list[Block]:
    """Return the columns that a transformer gives; raises ExportError where its writer does not write `transform`."""
    written = writer.write("transform")
    if isinstance(written, str | Value):
        value = _value(writer, "transform", written)
        return [Block(value.name, value.dtype)]
    return [each for each in written if isinstance(each, Block)]


def gives_numbers(estimator: Any) -> bool:
    """Tell whether what an estimator predicts are numbers: a regressor's, or a ranker's, which scikit-learn has no word for."""
    is_other = is_classifier(estimator) or is_outlier_detector(estimator) or hasattr(estimator, "transform")
    return is_regressor(estimator) or (hasattr(estimator, "predict") and not is_other)


def _value(writer: Writer, method: str, written: str | Value) -> Value:
    """Return the value of a name, which tells no dtype."""
    if isinstance(written, Value):
        return written
    if method == "apply" or (method == "predict" and not gives_numbers(writer.estimator)):
        classes = getattr(writer.estimator, "classes_", None)
        first = classes[0] if isinstance(classes, list) else classes
        is_text = first is not None and np.asarray(first).dtype.kind in "OUS"
        return Value(writer.document, written, "string" if method == "predict" and is_text else "int64")
    return Value(writer.document, written, writer.dtype)


def _together(writer: Writer, blocks: Sequence[Block]) -> Value:
    """Return blocks as one matrix, floats where some are."""
    dtypes = {block.dtype for block in blocks}
    values = [Value(writer.document, block.value, block.dtype) for block in blocks]
    return side_by_side(values if len(dtypes) == 1 else [each.cast("float64") for each in values])


def usual_methods(estimator: Any) -> tuple[str, ...]:
    """Return the methods of an estimator whose answers its user, or the next step, usually wants."""
    if is_classifier(estimator):
        return ("predict", "predict_proba")
    if is_outlier_detector(estimator):
        return ("predict", "decision_function")
    return ("predict",) if gives_numbers(estimator) else ("transform",)
