"""What a model answers: a label with its probabilities, or a prediction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier

from converter.plugin import Output
from converter_lightgbm.loading import Loaded

CLASSIFICATION = (Output("label", label_of="probabilities"), Output("probabilities"))
PREDICTION = (Output("prediction"),)


def outputs_of(loaded: Loaded) -> tuple[Output, ...]:
    """Return the outputs: a classifier's two, or one prediction."""
    classifies = isinstance(loaded.wrapper, LGBMClassifier) or (loaded.wrapper is None and loaded.text.objective in _CLASSIFYING)
    return CLASSIFICATION if classifies else PREDICTION


_CLASSIFYING = ("binary", "multiclass", "multiclassova")


def classes_of(loaded: Loaded) -> np.ndarray:
    """Return a classifier's classes in the order of its probabilities, whole numbers and truth values as int64; [] for other models."""
    if outputs_of(loaded) is PREDICTION:
        return np.empty(0, np.int64)
    if loaded.wrapper is None:
        return np.arange(max(2, int(loaded.text.header["num_class"])))
    return _labels(np.asarray(loaded.wrapper.classes_))


def ask(loaded: Loaded, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the model's own answer to float rows [batch, features]."""
    if outputs_of(loaded) is PREDICTION:
        return {"prediction": np.asarray((loaded.wrapper or loaded.booster).predict(rows))}
    if loaded.wrapper is not None:
        return {"label": _labels(np.asarray(loaded.wrapper.predict(rows))), "probabilities": np.asarray(loaded.wrapper.predict_proba(rows))}
    scores = np.asarray(loaded.booster.predict(rows))
    probabilities = np.stack([1 - scores, scores], axis=-1) if scores.ndim == 1 else scores
    return {"label": probabilities.argmax(axis=-1), "probabilities": probabilities}


def ranks_of(loaded: Loaded) -> dict[str, int]:
    """Return the number of dims of each answer."""
    several = int(loaded.text.header.get("num_tree_per_iteration", "1")) > 1
    return {"label": 1, "probabilities": 2, "prediction": 2 if several else 1}


def metadata_of(loaded: Loaded) -> Mapping[str, str]:
    """Return the classes, and the categories whose codes the columns hold, as JSON."""
    classes, categories = classes_of(loaded), loaded.booster.pandas_categorical
    found = {"classes": json.dumps(classes.tolist())} if len(classes) else {}
    return {**found, "categories": json.dumps(categories, default=_plain)} if categories else found


def _labels(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "OUS":
        return np.array([str(value) for value in values], object)
    whole = values.dtype.kind in "biu" or (values == np.floor(values)).all()
    return values.astype(np.int64) if whole else values


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
