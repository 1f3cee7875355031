"""Shapes: cropping, padding, repeating, turning."""

from keras import layers

from keras_cases.case import case, cases
from keras_cases.layers.shapes import CHANNELS_FIRST_IMAGE, CHANNELS_FIRST_VOLUME, FEATURES, FIXED_IMAGE, IMAGE, STEPS, VOLUME

_FIRST = {"data_format": "channels_first"}
_FIXED_STEPS = "x:float32[batch,5,6]"

CASES = (
    *cases(layers.Cropping1D, STEPS, {"cropping": 2}, {"cropping": (0, 1)}),
    *cases(layers.Cropping2D, IMAGE, {"cropping": 1}, {"cropping": ((0, 1), (2, 0))}),
    *cases(layers.Cropping2D, CHANNELS_FIRST_IMAGE, title="channels first", cropping=1, **_FIRST),
    *cases(layers.Cropping3D, VOLUME, {"cropping": (1, 0, 2)}, {"cropping": ((0, 1), (2, 0), (1, 1))}),
    *cases(layers.Cropping3D, CHANNELS_FIRST_VOLUME, title="channels first", cropping=1, **_FIRST),
    *cases(layers.ZeroPadding1D, STEPS, {"padding": 2}, {"padding": (0, 3)}),
    *cases(layers.ZeroPadding2D, IMAGE, {"padding": 2}, {"padding": ((0, 1), (2, 0))}),
    *cases(layers.ZeroPadding2D, CHANNELS_FIRST_IMAGE, title="channels first", **_FIRST),
    *cases(layers.ZeroPadding3D, VOLUME, {"padding": (1, 0, 2)}, {"padding": ((0, 1), (2, 0), (1, 1))}),
    *cases(layers.ZeroPadding3D, CHANNELS_FIRST_VOLUME, title="channels first", **_FIRST),
    *cases(layers.UpSampling1D, STEPS, {"size": 3}, {"size": 1}),
    *cases(
        layers.UpSampling2D,
        IMAGE,
        {"size": (1, 3)},
        {"interpolation": "bilinear"},
        {"interpolation": "bilinear", "size": (2, 3)},
        {"interpolation": "bicubic"},
        {"interpolation": "lanczos3"},
        {"interpolation": "lanczos5"},
    ),
    *cases(layers.UpSampling2D, CHANNELS_FIRST_IMAGE, {"interpolation": "bilinear"}, title="channels first", **_FIRST),
    *cases(layers.UpSampling3D, VOLUME, {"size": (1, 2, 3)}),
    *cases(layers.UpSampling3D, CHANNELS_FIRST_VOLUME, title="channels first", **_FIRST),
    *cases(layers.Flatten, FIXED_IMAGE, {"data_format": "channels_first"}),
    *cases(layers.Flatten, STEPS, title="free length"),
    *cases(layers.Permute, STEPS, dims=(2, 1)),
    *cases(layers.Permute, IMAGE, {"dims": (3, 1, 2)}, title="image", dims=(2, 3, 1)),
    *cases(layers.RepeatVector, FEATURES, {"n": 1}, {"n": 7}, n=3),
    *cases(layers.Reshape, _FIXED_STEPS, {"target_shape": (-1, 2)}, {"target_shape": (3, 5, 2)}, target_shape=(30,)),
    *cases(layers.Reshape, STEPS, title="free length", target_shape=(-1, 3)),
    case("Reshape", "masked", lambda x: layers.Reshape((-1, 3))(layers.Masking()(x)), STEPS),
)
