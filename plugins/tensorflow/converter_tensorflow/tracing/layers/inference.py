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


_AUGMENTATIONS = [each for each in vars(keras.layers).values() if isinstance(each, type) and "get_random_transformation" in vars(each)]


@layer(*_AUGMENTATIONS, method="get_random_transformation")
def no_transformation(self: Any, **arguments: Any) -> None:
    """What an augmentation draws before every call, and reads in training alone."""
    if arguments.get("training", True):
        raise Inexpressible("training")
