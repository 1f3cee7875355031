"""What an estimator answers, and under which names: one output for each of its methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_outlier_detector, is_regressor

from converter.plugin import Output, UnreadableSource


@dataclass(frozen=True)
class Answer:
    """An output, and the method of the estimator that gives it; `is_label` for a class or a group."""

    output: Output
    method: str
    is_label: bool = False


def answers_of(estimator: Any, name: str) -> tuple[Answer, ...]:
    """Return what an estimator answers to new rows; raises UnreadableSource for one that answers nothing."""
    if not hasattr(estimator, "predict"):
        if hasattr(estimator, "transform"):
            return (Answer(Output("transformed"), "transform"),)
        hint = "an estimator that only labels the rows it was fitted on has nothing to convert; convert one that was trained on its labels"
        raise UnreadableSource(f"{name} answers no new rows: it has neither predict nor transform", hint=hint)
    if is_regressor(estimator):
        return (Answer(Output("prediction"), "predict"),)
    if is_outlier_detector(estimator):
        return (Answer(Output("label", label_of="scores"), "predict", is_label=True), Answer(Output("scores"), "decision_function"))
    if hasattr(estimator, "predict_proba"):
        return (Answer(Output("label", label_of="probabilities"), "predict", is_label=True), Answer(Output("probabilities"), "predict_proba"))
    return (Answer(Output("label"), "predict", is_label=True),)


def ask(estimator: Any, answer: Answer, table: Any) -> np.ndarray:
    """Return one answer as a dense array of one of ONNX's dtypes; class labels that are booleans or whole numbers as int64."""
    values = getattr(estimator, answer.method)(table)
    if isinstance(values, list):
        return np.stack(values)  # the probabilities of several outputs: [outputs, rows, classes]
    dense = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
    if dense.dtype.kind in "US":
        return dense.astype(object)
    if answer.is_label and dense.dtype.kind in "buif" and (dense == np.floor(dense.astype(np.float64))).all():
        return dense.astype(np.int64)
    return dense
