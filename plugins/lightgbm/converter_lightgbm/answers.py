"""What a model answers: a label with its probabilities, a prediction, raw scores, or leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier

from converter.plugin import Output, UsageError
from converter_lightgbm.loading import Loaded

CLASSIFICATION = (Output("label", label_of="probabilities"), Output("probabilities"))
PREDICTION = (Output("prediction"),)


def outputs_of(loaded: Loaded, method: str) -> tuple[Output, ...]:
    """Return the outputs of a method; raises UsageError for the probabilities of a model that has none."""
    if method == "raw":
        return (Output("raw"),)
    if method == "leaf":
        return (Output("leaves", "int64"),)
    if method == "probability":
        if not _classifies(loaded):
            kind = f"{loaded.kind} with the objective {loaded.text.objective.name or 'of its own'}"
            raise UsageError(f"{kind} tells no classes apart, so it has no probabilities", hint="-O method=predict, or raw")
        return CLASSIFICATION[1:]
    return CLASSIFICATION if _classifies(loaded) else PREDICTION


def classes_of(loaded: Loaded) -> np.ndarray:
    """Return a classifier's classes in the order of its probabilities, whole numbers and truth values as int64; [] for other models."""
    if not _classifies(loaded):
        return np.empty(0, np.int64)
    if loaded.wrapper is None:
        return np.arange(max(2, loaded.text.scores))
    return _labels(np.asarray(loaded.wrapper.classes_))


def ask(loaded: Loaded, method: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the model's own answer to float rows [batch, features]."""
    if method == "raw":
        return {"raw": _scores(loaded, rows, raw_score=True)}
    if method == "leaf":
        return {"leaves": _scores(loaded, rows, pred_leaf=True).reshape(len(rows), -1).astype(np.int64)}
    if not _classifies(loaded):
        return {"prediction": _scores(loaded, rows)}
    probabilities = _probabilities(loaded, rows)
    return (
        {"probabilities": probabilities}
        if method == "probability"
        else {"label": _label(loaded, rows, probabilities), "probabilities": probabilities}
    )


def metadata_of(loaded: Loaded) -> Mapping[str, str]:
    """Return the classes, and the categories whose codes the columns hold, as JSON."""
    classes, categories = classes_of(loaded), loaded.booster.pandas_categorical
    found = {"classes": json.dumps(classes.tolist())} if len(classes) else {}
    return {**found, "categories": json.dumps(categories, default=_plain)} if categories else found


def _classifies(loaded: Loaded) -> bool:
    if loaded.wrapper is None:
        return loaded.text.objective.classifies
    return isinstance(loaded.wrapper, LGBMClassifier) and not callable(loaded.wrapper.objective_)  # of a function of one's own it gives raw scores


def _scores(loaded: Loaded, rows: np.ndarray, **asked: bool) -> np.ndarray:
    return np.asarray((loaded.wrapper or loaded.booster).predict(rows, **loaded.iterations, **asked))


def _probabilities(loaded: Loaded, rows: np.ndarray) -> np.ndarray:
    if loaded.wrapper is not None:
        return np.asarray(loaded.wrapper.predict_proba(rows, **loaded.iterations))
    scores = _scores(loaded, rows)
    return np.stack([1 - scores, scores], axis=-1) if scores.ndim == 1 else scores


def _label(loaded: Loaded, rows: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    if loaded.wrapper is None or type(loaded.wrapper) is LGBMClassifier:  # whose predict takes the best, and asks every tree again for it
        return np.asarray(classes_of(loaded)[probabilities.argmax(axis=-1)])
    return _labels(np.asarray(loaded.wrapper.predict(rows, **loaded.iterations)))


def _labels(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "OUS":
        return np.array([str(value) for value in values], object)
    whole = values.dtype.kind in "biu" or (values == np.floor(values)).all()
    return values.astype(np.int64) if whole else values


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
