"""Sizes and values of images."""

from keras import layers

from keras_cases.case import cases, made
from keras_cases.layers.shapes import CHANNELS_FIRST_IMAGE, GREY_TO_255, IMAGE, PIXELS

_SMALLER = {"height": 5, "width": 4}
_KEPT = ({"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_mode": "constant", "fill_value": 3.0})
_WAYS = [{"interpolation": way} for way in ("nearest", "bicubic", "lanczos3", "lanczos5")]
_FIXED = "x:float32[batch,9,7,3]"

CASES = (
    *cases(layers.CenterCrop, "x:float32[batch,height=6..64,width=6..64,4]", {"height": 3, "width": 6}, {"height": 1, "width": 1}, **_SMALLER),
    *cases(layers.CenterCrop, IMAGE, title="larger than the image", height=12, width=9),
    *cases(layers.CenterCrop, PIXELS, title="uint8", height=2, width=2),
    *cases(
        layers.Resizing, IMAGE, *_WAYS, {"antialias": True}, {"antialias": True, "interpolation": "bicubic"}, {"height": 12, "width": 9}, **_SMALLER
    ),
    *cases(layers.Resizing, _FIXED, *_KEPT, title="fixed size", **_SMALLER),
    *cases(layers.Resizing, IMAGE, *_KEPT, title="free size", **_SMALLER),
    *cases(layers.Resizing, PIXELS, {"interpolation": "nearest"}, title="uint8", **_SMALLER),
    *cases(layers.Resizing, CHANNELS_FIRST_IMAGE, title="channels first", data_format="channels_first", **_SMALLER),
    *cases(layers.Rescaling, GREY_TO_255, {"scale": 1 / 127.5, "offset": -1}, {"dtype": "float16"}, scale=1 / 255),
    *cases(layers.Rescaling, PIXELS, title="uint8", scale=1 / 255),
    *cases(layers.Rescaling, GREY_TO_255, title="every channel", scale=[0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0]),
    *cases(layers.AutoContrast, GREY_TO_255, {"value_range": (0, 300)}),
    *cases(layers.AutoContrast, PIXELS, title="uint8"),
    *cases(layers.ContrastLimitedAdaptiveHistogramEqualization, "x:float32[batch,16,16,3]{0..255}", {"clip_limit": 2.0}, {"tile_grid_size": (4, 4)}),
    *cases(layers.Solarization, GREY_TO_255, {"threshold_factor": 0.5}, {"addition_factor": 0.2}),
    *cases(layers.Pipeline, IMAGE, title="resizing, rescaling", layers=[made(layers.Resizing, 5, 4), made(layers.Rescaling, 0.5)]),
    *cases(layers.Pipeline, GREY_TO_255, title="rescaling, contrast", layers=[made(layers.Rescaling, 0.5), made(layers.RandomContrast, 0.3)]),
    *cases(layers.Pipeline, IMAGE, title="flip, crop", layers=[made(layers.RandomFlip), made(layers.CenterCrop, 1, 1)]),
)
