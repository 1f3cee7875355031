"""Layers that do something in training only: in inference they give what they take."""

from keras import layers

from keras_cases.case import cases
from keras_cases.layers.shapes import FEATURES, IMAGE, STEPS, VOLUME

CASES = (
    *cases(layers.ActivityRegularization, FEATURES, {"l1": 0.1}, {"l2": 0.1}),
    *cases(layers.AlphaDropout, FEATURES, {"noise_shape": (None, 1)}, {"dtype": "mixed_float16"}, rate=0.5),
    *cases(layers.Dropout, STEPS, {"noise_shape": (None, 1, 6)}, {"rate": 0.0}, {"dtype": "mixed_float16"}, rate=0.5),
    *cases(layers.GaussianDropout, FEATURES, {"rate": 0.0}, {"dtype": "mixed_float16"}, rate=0.5),
    *cases(layers.GaussianNoise, FEATURES, {"stddev": 0.0}, {"dtype": "mixed_float16"}, stddev=0.5),
    *cases(layers.SpatialDropout1D, STEPS, {"rate": 0.0}, {"dtype": "mixed_float16"}, rate=0.5),
    *cases(layers.SpatialDropout2D, IMAGE, {"data_format": "channels_first"}, {"dtype": "mixed_float16"}, rate=0.5),
    *cases(layers.SpatialDropout3D, VOLUME, {"data_format": "channels_first"}, {"dtype": "mixed_float16"}, rate=0.5),
)
