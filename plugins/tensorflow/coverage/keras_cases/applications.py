"""Every model of keras.applications with its top, at the smallest image that it takes, with weights that are random and statistics that fit them."""

from __future__ import annotations

import inspect
from functools import partial
from types import MappingProxyType

import keras
import numpy as np

from converter.plugin import Domain, Input
from keras_cases.case import Case, Rows
from keras_cases.weights import moved

SMALLEST = MappingProxyType({"Xception": 71, "InceptionV3": 75, "InceptionResNetV2": 75})
USUAL_SMALLEST = 32
SEEN = 32  # images that the statistics are taken from
PREPARING = ("ConvNeXt", "EfficientNet", "MobileNetV3")  # take pixels and scale them themselves


def built(name: str) -> keras.Model:
    """Return the model; its batch is free.

    Kernels are He's, so that values neither fade nor grow; moving statistics are those of random images as the proof draws them: a deep model with
    statistics that do not fit is chaotic, and no two ways of computing it agree.
    """
    size = smallest(name)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if variable.path.endswith("kernel"):
            fan_in = np.prod(variable.shape[:-1]) if "depthwise" not in variable.path else np.prod(variable.shape[:2])
            variable.assign(rng.standard_normal(variable.shape, np.float32) * np.float32(np.sqrt(2 / fan_in)))
    seen = image(name).draw(rng, {"batch": SEEN})
    return _settled(moved(model), seen)


def _settled(model: keras.Model, images: np.ndarray) -> keras.Model:
    """Return the model, its moving statistics those of these images."""
    normalizations = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    usual = [layer.momentum for layer in normalizations]
    for layer in normalizations:
        layer.momentum = 0.0
    if normalizations:
        model(images, training=True)
    for layer, momentum in zip(normalizations, usual, strict=True):
        layer.momentum = momentum
    return model


def smallest(name: str) -> int:
    """Return the height and width of the smallest image that a model takes."""
    return SMALLEST.get(name, USUAL_SMALLEST)


def image(name: str) -> Input:
    """Return the input of a model: pixels from 0 to 255 where it prepares them itself, else values around 0."""
    size = smallest(name)
    return Input("image", "float32", ("batch", size, size, 3), Domain(0, 255) if name.startswith(PREPARING) else Domain())


def names() -> list[str]:
    """Return the names of the models."""
    return sorted(name for name, value in vars(keras.applications).items() if inspect.isfunction(value))


ROWS: Rows = MappingProxyType({name: (Case(name, "default", partial(built, name), (image(name),)),) for name in names()})
