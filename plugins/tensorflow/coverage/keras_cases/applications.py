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
SEEN = 256  # images that the statistics are taken from
GAIN = 0.4  # of normalisations
PREPARING = ("ConvNeXt", "EfficientNet", "MobileNetV3")  # take pixels and scale them themselves


def built(name: str) -> keras.Model:
    """Return the model; its batch is free.

    Kernels are He's, so that values neither fade nor grow, and moving statistics are those of random images as the proof draws them. Normalised values
    are scaled down: as blocks that add their whole deviation, or with statistics that do not fit, a deep model is chaotic, and no two ways of computing
    it agree. The last kernel gives logits of deviation 1, as training does: the softmax of large ones makes a choice of any rounding.
    """
    model = _untrained(name)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if variable.path.endswith("kernel"):
            fan_in = np.prod(variable.shape[:-1]) if "depthwise" not in variable.path else np.prod(variable.shape[:2])
            variable.assign(rng.standard_normal(variable.shape, np.float32) * np.float32(np.sqrt(2 / fan_in)))
    for variable in moved(model).trainable_variables:
        if variable.path.endswith("gamma"):
            variable.assign(variable * GAIN)
    seen = image(name).draw(rng, {"batch": SEEN})
    _settle(model, seen)
    logits = _untrained(name, classifier_activation=None)
    logits.set_weights(model.get_weights())
    last = [variable for variable in model.trainable_variables if variable.path.endswith("kernel")][-1]
    last.assign(last / np.std(logits(seen)))
    return model


def _untrained(name: str, **options: object) -> keras.Model:
    size = smallest(name)
    model: keras.Model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), **options)
    return model


def _settle(model: keras.Model, images: np.ndarray) -> None:
    """Make the moving statistics those of these images, with nothing dropped."""
    layers = model._flatten_layers()
    changed = [(layer, "momentum", layer.momentum) for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    changed += [(layer, "rate", layer.rate) for layer in layers if isinstance(layer, keras.layers.Dropout)]
    for layer, name, _ in changed:
        setattr(layer, name, 0.0)
    model(images, training=True)
    for layer, name, usual in changed:
        setattr(layer, name, usual)


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
