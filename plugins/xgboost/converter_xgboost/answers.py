"""What a model answers: a label with its probabilities, a prediction, its margins, or its leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from xgboost import DMatrix, XGBClassifier

from converter.plugin import Output, UsageError
from converter_xgboost.asked import Asked
from converter_xgboost.loading import Loaded
from converter_xgboost.model_json import GBLINEAR
from converter_xgboost.objectives import Link, predictions_of

Array = np.ndarray[Any, Any]
CLASSIFICATION = (Output("label", label_of="probabilities"), Output("probabilities"))
LABELLED = (Output("label", label_of="prediction"), Output("prediction"))
PREDICTION = (Output("prediction"),)


def outputs_of(loaded: Loaded, asked: Asked) -> tuple[Output, ...]:
    """Return the outputs that are asked for; raises UsageError for probabilities of a model that has none."""
    if asked.method == "raw":
        return (Output("raw"),)
    if asked.method == "leaf":
        return (Output("leaves", "int64"),)
    classifies = is_classifier(loaded)
    if asked.method == "probability":
        if not (classifies and loaded.document.objective.classifies):
            raise UsageError(f"a model of {loaded.document.objective_name} has no probabilities", hint="-O method=predict, or raw")
        return CLASSIFICATION[1:]
    if not classifies:
        return PREDICTION
    return CLASSIFICATION if loaded.document.objective.classifies else LABELLED


def is_classifier(loaded: Loaded) -> bool:
    """Tell whether it answers classes: a classifier of scikit-learn's make, or a Booster whose objective says classes or probabilities."""
    objective, estimator = loaded.document.objective, loaded.document.estimator
    if objective.says_class or (loaded.wrapper is None and not estimator):
        return objective.classifies
    return isinstance(loaded.wrapper, XGBClassifier) or estimator == "classifier"


def has_several_labels(loaded: Loaded) -> bool:
    """Tell whether a classifier answers a label 0 or 1 for each of its outputs, where one is above a half, and no class.

    The wrapper does so for two outputs of multi:softprob too.
    """
    document = loaded.document
    most = 2 if loaded.wrapper is not None or document.estimator else 0
    return document.groups > 1 and document.classes <= most and not document.objective.says_class


def classes_of(loaded: Loaded) -> Array:
    """Return a classifier's classes in the order of its probabilities, int64; [] for other models and for several labels."""
    if not is_classifier(loaded) or has_several_labels(loaded):
        return np.empty(0, np.int64)
    return np.arange(max(2, loaded.document.classes))


def ask(loaded: Loaded, asked: Asked, rows: Array) -> dict[str, Array]:
    """Return the model's own answer to float32 rows [batch, features]."""
    if asked.method == "raw":
        return {"raw": margins(loaded, asked, rows)}
    if asked.method == "leaf":
        return {"leaves": leaves(loaded, asked, rows)}
    if not is_classifier(loaded):
        return {"prediction": _values(loaded, asked, rows)}
    found = _classified(loaded, asked, rows)
    return {output.name: found[output.name] for output in outputs_of(loaded, asked)}


def margins(loaded: Loaded, asked: Asked, rows: Array) -> Array:
    """Return the sums before the objective's link, float32 [batch] or [batch, groups]."""
    return _values(loaded, asked, rows, margin=True)


def leaves(loaded: Loaded, asked: Asked, rows: Array) -> Array:
    """Return the numbers of the leaves, int64 [batch, trees].

    XGBoost refuses infinities here, though not where it predicts; the largest float goes the same ways. It begins with the first iteration always.
    """
    largest = np.finfo(np.float32).max
    finite = np.clip(np.where(rows == np.float32(asked.missing), np.float32(np.nan), rows), -largest, largest)
    found = loaded.booster.predict(_matrix(loaded, asked, finite), pred_leaf=True, iteration_range=(0, asked.end))
    return np.asarray(found, np.int64).reshape(len(rows), -1)[:, loaded.document.iterations[asked.begin] :]


def metadata_of(loaded: Loaded) -> Mapping[str, str]:
    """Return the classes, and the categories whose codes the columns hold, as JSON."""
    classes, categories = classes_of(loaded), categories_of(loaded)
    found = {"classes": json.dumps(classes.tolist())} if len(classes) else {}
    return {**found, "categories": json.dumps(categories)} if any(each is not None for each in categories) else found


def categories_of(loaded: Loaded) -> list[list[Any] | None]:
    """Return, for each feature, the categories of the table that it was trained on, or None."""
    return [_decoded(each) for each in loaded.document.body.get("cats", {}).get("enc", ())]


def _decoded(column: Mapping[str, Any]) -> list[Any] | None:
    values = np.asarray(column["values"])
    if "offsets" not in column:
        return list(values.tolist())
    offsets: Sequence[int] = np.asarray(column["offsets"]).tolist()
    text = bytes(values.astype(np.uint8))
    return [text[start:stop].decode("utf-8") for start, stop in pairwise(offsets)] or None


def _classified(loaded: Loaded, asked: Asked, rows: Array) -> dict[str, Array]:
    if isinstance(loaded.wrapper, XGBClassifier):
        options: dict[str, Any] = {"validate_features": False, "iteration_range": asked.range}
        label = np.asarray(loaded.wrapper.predict(rows, **options))
        if not loaded.document.objective.classifies:
            return {"label": label.astype(np.int64), "prediction": _values(loaded, asked, rows)}
        return {"label": label.astype(np.int64), "probabilities": np.asarray(loaded.wrapper.predict_proba(rows, **options))}
    if loaded.document.objective.says_class:
        return {"label": _values(loaded, asked, rows).astype(np.int64), "probabilities": predictions_of(margins(loaded, asked, rows), Link.SOFTMAX)}
    return labelled(loaded, _values(loaded, asked, rows))


def labelled(loaded: Loaded, scores: Array) -> dict[str, Array]:
    """Return the outputs of a classifier whose predictions are these, [batch] or [batch, groups], as the wrapper makes them of its own."""
    if has_several_labels(loaded):
        return {"label": (scores > HALF).astype(np.int64), "probabilities": scores}
    if scores.ndim > 1:
        return {"label": scores.argmax(axis=-1), "probabilities": scores}
    label = (scores > HALF).astype(np.int64)
    if not loaded.document.objective.classifies:
        return {"label": label, "prediction": scores}
    return {"label": label, "probabilities": np.stack([1 - scores, scores], axis=-1)}


HALF = 0.5


def _values(loaded: Loaded, asked: Asked, rows: Array, *, margin: bool = False) -> Array:
    if loaded.document.booster == GBLINEAR:
        found = loaded.booster.predict(_matrix(loaded, asked, rows), output_margin=margin)
    else:
        kind = "margin" if margin else "value"
        found = loaded.booster.inplace_predict(rows, iteration_range=asked.range, predict_type=kind, missing=asked.missing, validate_features=False)
    return np.asarray(found)


def _matrix(loaded: Loaded, asked: Asked, rows: Array) -> DMatrix:
    names, types = loaded.document.names or None, loaded.document.types or None
    return DMatrix(rows, missing=asked.missing, feature_names=names, feature_types=types, enable_categorical=True)
