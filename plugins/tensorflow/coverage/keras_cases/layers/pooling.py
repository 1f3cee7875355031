"""Pools, to a size, of windows and of everything."""

from keras import layers

from keras_cases.case import Case, case, cases
from keras_cases.layers.shapes import CHANNELS_FIRST_IMAGE, CHANNELS_FIRST_STEPS, CHANNELS_FIRST_VOLUME, IMAGE, STEPS, VOLUME

_WINDOWS = ({"pool_size": 3, "strides": 1}, {"padding": "same"}, {"pool_size": 3, "strides": 2, "padding": "same"})
_UNEVEN = {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}
_FREE = ((1, STEPS, CHANNELS_FIRST_STEPS), (2, IMAGE, CHANNELS_FIRST_IMAGE), (3, VOLUME, CHANNELS_FIRST_VOLUME))
_FIXED = {1: "x:float32[batch,11,4]", 2: "x:float32[batch,11,7,4]", 3: "x:float32[batch,5,7,6,2]"}


def _windows(kind: str) -> list[Case]:
    found = []
    for dims, shape, channels_first in _FREE:
        layer = getattr(layers, f"{kind}{dims}D")
        found += cases(layer, shape, *_WINDOWS, *[_UNEVEN] * (dims == 2), pool_size=2)
        found += cases(layer, channels_first, title="channels first", pool_size=2, data_format="channels_first")
    return found


def _everything(kind: str) -> list[Case]:
    found = []
    for dims, shape, channels_first in _FREE:
        layer = getattr(layers, f"{kind}{dims}D")
        found += cases(layer, shape, {"keepdims": True})
        found += cases(layer, channels_first, {"keepdims": True}, title="channels first", data_format="channels_first")
    return found


def _to_a_size(kind: str) -> list[Case]:
    found = []
    for dims, shape in _FIXED.items():
        found += cases(getattr(layers, f"{kind}{dims}D"), shape, {"output_size": 2}, {"output_size": 1}, output_size=3)
    return found


CASES = (
    *_windows("AveragePooling"),
    *_windows("MaxPooling"),
    *_everything("GlobalAveragePooling"),
    *_everything("GlobalMaxPooling"),
    *_to_a_size("AdaptiveAveragePooling"),
    *_to_a_size("AdaptiveMaxPooling"),
    case(
        "GlobalAveragePooling1D",
        "masked",
        lambda ids: layers.GlobalAveragePooling1D()(layers.Embedding(12, 4, mask_zero=True)(ids)),
        "ids:int32[batch,length]{0..11}",
    ),
)
