"""Layers that change images at random in training: in inference they give what they take, of another size where they crop."""

from typing import Any

from keras import layers

from keras_cases.case import Case, cases
from keras_cases.layers.shapes import GREY_TO_255

_WANTED: dict[str, dict[str, Any]] = {
    "AugMix": {},
    "CutMix": {},
    "MaxNumBoundingBoxes": {"max_number": 4},
    "MixUp": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": 0.3},
    "RandomColorDegeneration": {"factor": 0.3},
    "RandomColorJitter": {"brightness_factor": 0.2, "contrast_factor": 0.2},
    "RandomContrast": {"factor": 0.3},
    "RandomElasticTransform": {},
    "RandomErasing": {},
    "RandomFlip": {},
    "RandomGaussianBlur": {},
    "RandomGrayscale": {},
    "RandomHue": {"factor": 0.3},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.3},
    "RandomSharpness": {"factor": 0.3},
    "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
}


def _of(name: str, settings: dict[str, Any]) -> list[Case]:
    kind = getattr(layers, name)
    return list(cases(kind, GREY_TO_255, title="0 to 255", **settings))


_CROPPED = ({"height": 3, "width": 9}, {"height": 9, "width": 3})

CASES = (
    *(case for name, settings in _WANTED.items() for case in _of(name, settings)),
    *cases(layers.RandomCrop, "x:float32[batch,8,7,3]{0..255}", *_CROPPED, height=4, width=4),
    *cases(layers.RandomCrop, "x:uint8[batch,8,7,3]", title="uint8", height=4, width=4),
)
