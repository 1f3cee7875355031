"""Convolutions, transposed, depthwise and separable ones."""

from keras import layers

from keras_cases.case import cases
from keras_cases.layers.shapes import IMAGE, STEPS, VOLUME

_STEPS = ({"strides": 2}, {"padding": "same"}, {"padding": "same", "strides": 2}, {"dilation_rate": 2}, {"dilation_rate": 2, "padding": "same"})
_USUAL = (*_STEPS, {"activation": "relu", "use_bias": False})
_GROUPED = {"groups": 2, "filters": 6}
_TRANSPOSED = (
    {"strides": 2},
    {"padding": "same", "strides": 2},
    {"strides": 3, "output_padding": 1},
    {"padding": "same", "strides": 2, "output_padding": 1},
)
_DEPTHWISE = ({"depth_multiplier": 2}, {"padding": "same"}, {"strides": 2}, {"dilation_rate": 2}, {"activation": "silu", "use_bias": False})
_SEPARABLE = ({"depth_multiplier": 2}, {"padding": "same", "strides": 2}, {"dilation_rate": 2}, {"activation": "relu", "use_bias": False})
_HALF = {"dtype": "mixed_float16"}

CASES = (
    *cases(
        layers.Conv1D, STEPS, *_USUAL, {"padding": "causal"}, {"padding": "causal", "dilation_rate": 2}, _GROUPED, _HALF, filters=5, kernel_size=3
    ),
    *cases(layers.Conv2D, IMAGE, *_USUAL, _GROUPED, {"kernel_size": (1, 4)}, {"strides": (2, 1), "padding": "same"}, _HALF, filters=5, kernel_size=3),
    *cases(layers.Conv3D, VOLUME, *_STEPS[:4], {"kernel_size": (1, 2, 3)}, {"groups": 3, "filters": 6}, filters=4, kernel_size=3),
    *cases(layers.Conv1DTranspose, STEPS, *_TRANSPOSED, {"activation": "relu", "use_bias": False}, filters=5, kernel_size=3),
    *cases(layers.Conv2DTranspose, IMAGE, *_TRANSPOSED, {"strides": (2, 1), "kernel_size": (4, 3)}, filters=5, kernel_size=3),
    *cases(layers.Conv3DTranspose, VOLUME, *_TRANSPOSED[:3], filters=2, kernel_size=2),
    *cases(layers.DepthwiseConv1D, STEPS, *_DEPTHWISE, kernel_size=3),
    *cases(
        layers.DepthwiseConv2D,
        IMAGE,
        *_DEPTHWISE,
        {"kernel_size": (2, 5), "padding": "same"},
        {"padding": "same", "strides": 2},
        _HALF,
        kernel_size=3,
    ),
    *cases(layers.SeparableConv1D, STEPS, *_SEPARABLE, filters=5, kernel_size=3),
    *cases(layers.SeparableConv2D, IMAGE, *_SEPARABLE, filters=5, kernel_size=3),
)
