"""Weights that hide nothing: what starts as zeros or ones, biases, scales and moving statistics, takes values of its own."""

from __future__ import annotations

import keras
import numpy as np

SPREAD = 0.3


def moved(model: keras.Model) -> keras.Model:
    """Return the model, every float variable that holds one or two values alone moved by up to SPREAD, always in the same way."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        values = np.asarray(variable.value)
        if values.dtype.kind == "f" and variable.trainable | ("moving" in variable.path) and len(np.unique(values)) <= 2:
            variable.assign(values + rng.uniform(-SPREAD, SPREAD, values.shape))
    return model
