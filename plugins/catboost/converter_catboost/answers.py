"""What a model answers: a label with its probabilities, a prediction, or what lies before them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from catboost import CatBoost

from converter.plugin import Output, UsageError
from converter_catboost.loading import Loaded
from converter_catboost.losses import Link, Task, is_known, loss_of
from converter_catboost.model_blob import ModelBlob

_LABEL = Output("label", label_of="probabilities")
_PROBABILITIES = Output("probabilities")


@dataclass(frozen=True)
class Asked:
    """What is asked of a model: the method, and of how many of its trees."""

    method: str
    trees: int


def outputs_of(blob: ModelBlob, method: str) -> tuple[Output, ...]:
    """Return the outputs; raises UsageError for probabilities of a model that has none, and for the prediction of one whose loss function is not known."""
    task = loss_of(blob.loss).task
    if method in {"raw", "leaf"}:
        return (Output("raw") if method == "raw" else Output("leaves", "int64"),)
    if not is_known(blob.loss):
        message = f"the model has the loss function '{blob.loss}', which is none of CatBoost's that are known: what it predicts cannot be told"
        raise UsageError(message, hint="-O method=raw converts the sum of its trees, -O method=leaf its leaves")
    if method == "probability":
        if task is Task.PREDICTION:
            loss = blob.loss or "a function of one's own"
            raise UsageError(f"a model with the loss function {loss} has no probabilities", hint="-O method=predict, raw or leaf")
        return (_PROBABILITIES,)
    if task is Task.PREDICTION:
        return (Output("prediction"),)
    return (_LABEL if task is Task.CLASSES else Output("label"), _PROBABILITIES)


def classes_of(blob: ModelBlob) -> np.ndarray[Any, Any]:
    """Return a classifier's classes in the order of its probabilities, whole numbers and truth values as int64; [] for other models."""
    if loss_of(blob.loss).task is Task.PREDICTION:
        return np.empty(0, np.int64)
    count = max(2, blob.dimension)
    classes = blob.classes or tuple(range(count))
    return _labels(np.array(classes, object if any(isinstance(each, str) for each in classes) else None))


def border_of(blob: ModelBlob) -> float:
    """Return the raw answer above which a label is given: 0, or where the model's own probability threshold lies."""
    threshold = float(blob.info.get("binclass_probability_threshold", "0.5"))
    with np.errstate(divide="ignore"):
        return float(-np.log(1 / np.float64(threshold) - 1))


def ask(loaded: Loaded, rows: np.ndarray[Any, Any], asked: Asked) -> dict[str, np.ndarray[Any, Any]]:
    """Return the model's own answer to float rows [batch, features]."""
    if asked.method == "leaf":
        return {"leaves": CatBoost.calc_leaf_indexes(loaded.model, rows, ntree_end=asked.trees).astype(np.int64)}
    if asked.method == "raw":
        return {"raw": _predict(loaded, rows, "RawFormulaVal", asked)}
    loss = loss_of(loaded.blob.loss)
    if loss.task is Task.PREDICTION:
        return {"prediction": _predict(loaded, rows, _PREDICTIONS[loss.link], asked)}
    answers = {"probabilities": _predict(loaded, rows, "Probability", asked)}
    if asked.method == "predict":
        labels = _labels(_predict(loaded, rows, "Class", asked))
        answers["label"] = labels if loss.task is Task.LABELS else labels.reshape(-1)
    return answers


_PREDICTIONS = {Link.IDENTITY: "RawFormulaVal", Link.EXP: "Exponent", Link.UNCERTAINTY: "RMSEWithUncertainty"}


def metadata_of(blob: ModelBlob) -> Mapping[str, str]:
    """Return the classes as JSON."""
    classes = classes_of(blob)
    return {"classes": json.dumps(classes.tolist())} if len(classes) else {}


def _predict(loaded: Loaded, rows: np.ndarray[Any, Any], kind: str, asked: Asked) -> np.ndarray[Any, Any]:
    return np.asarray(CatBoost.predict(loaded.model, rows, kind, ntree_end=asked.trees))


def _labels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if values.dtype.kind in "OUS":
        return np.array([str(value) for value in values.reshape(-1)], object).reshape(values.shape)
    whole = values.dtype.kind in "biu" or (values == np.floor(values)).all()
    return values.astype(np.int64) if whole else values
