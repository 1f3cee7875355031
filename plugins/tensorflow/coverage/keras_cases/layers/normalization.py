"""Normalizations, by moving and by own statistics."""

import numpy as np
from keras import layers

from keras_cases.case import case, cases
from keras_cases.layers.shapes import CHANNELS_FIRST_IMAGE, FEATURES, IMAGE, STEPS

_NO_AFFINE = {"center": False, "scale": False}
_SEEN = np.random.default_rng(1).normal(3.0, 2.0, (40, 6)).astype(np.float32)


def _adapted(x: object) -> object:
    layer = layers.Normalization()
    layer.adapt(_SEEN)
    return layer(x)


def _adapted_and_inverted(x: object) -> object:
    layer = layers.Normalization(invert=True)
    layer.adapt(_SEEN)
    return layer(x)


CASES = (
    *cases(layers.BatchNormalization, FEATURES, {"center": False}, {"scale": False}, _NO_AFFINE, {"epsilon": 0.1}),
    *cases(layers.BatchNormalization, IMAGE, {"dtype": "mixed_float16"}, title="image"),
    *cases(layers.BatchNormalization, CHANNELS_FIRST_IMAGE, title="channels first", axis=1),
    *cases(layers.BatchNormalization, STEPS, title="sequence"),
    case("BatchNormalization", "masked", lambda x: layers.BatchNormalization()(layers.Masking()(x)), STEPS),
    *cases(layers.GroupNormalization, IMAGE, {"groups": 1}, {"groups": -1}, _NO_AFFINE, groups=2),
    *cases(layers.GroupNormalization, CHANNELS_FIRST_IMAGE, title="channels first", groups=2, axis=1),
    *cases(layers.GroupNormalization, STEPS, title="sequence", groups=3),
    *cases(layers.LayerNormalization, FEATURES, {"center": False}, {"scale": False}, {"epsilon": 0.1}),
    *cases(layers.LayerNormalization, "x:float32[batch,5,6]", title="two axes", axis=[1, 2]),
    *cases(layers.LayerNormalization, STEPS, {"dtype": "mixed_float16"}, title="sequence"),
    *cases(layers.LayerNormalization, "x:float32[batch,5,6]", title="first axis", axis=1),
    *cases(layers.RMSNormalization, STEPS, {"epsilon": 0.1}, {"dtype": "mixed_float16"}),
    *cases(layers.RMSNormalization, "x:float32[batch,5,6]", title="two axes", axis=[1, 2]),
    *cases(layers.UnitNormalization, STEPS, {"axis": 1}, {"axis": [1, 2]}),
    *cases(layers.Normalization, STEPS, {"invert": True}, mean=1.5, variance=2.5),
    *cases(layers.Normalization, STEPS, title="every channel", mean=[1.0, 2, 3, 4, 5, 6], variance=[1.0, 4, 9, 1, 4, 9]),
    case("Normalization", "adapted", _adapted, FEATURES),
    case("Normalization", "adapted, invert=True", _adapted_and_inverted, FEATURES),
)
