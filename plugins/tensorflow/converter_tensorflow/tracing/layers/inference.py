"""Layers that do nothing but in training."""

from __future__ import annotations

from typing import Any

import keras

from converter_tensorflow.tracing.rules import Inexpressible, layer

_NAMES = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "ActivityRegularization",
)


@layer(*(getattr(keras.layers, name) for name in _NAMES))
def unchanged(self: Any, inputs: Any, training: Any = None) -> Any:
    """What comes in."""
    if training:
        raise Inexpressible("training")
    return inputs
