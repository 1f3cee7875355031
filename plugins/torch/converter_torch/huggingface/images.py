"""Images as inputs: as many channels and as large as the configuration says, of a free size where the model runs at others too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from converter.plugin import Axis, Input
from converter_torch.signature.flat import device_of, evaluating

if TYPE_CHECKING:
    from converter_torch.huggingface.opening import Opened

NAME = "pixel_values"
INTERPOLATES = "interpolate_pos_encoding"  # the argument by which a model with positions for one size takes others
STEP = 32  # pixels: what the strides of most networks come to
USUAL = 224
_AXES = ("height", "width")


def reads_images(config: Any) -> bool:
    """Tell whether a configuration has a part for images."""
    return any(hasattr(config, name) for name in ("vision_config", "image_size", "num_channels"))


def pixel_values(opened: Opened, name: str, batch: str) -> Input:
    """Return the input of images, or of the frames of a video, of the configuration's own size."""
    vision = _vision(opened.config)
    is_video = hasattr(vision, "tubelet_size") or opened.task == "video-classification"
    frames = (int(vision.num_frames),) if is_video else ()
    channels = next((value for key in ("num_channels", "in_channels", "in_chans") if isinstance(value := getattr(vision, key, None), int)), 3)
    return Input(name, "float32", (batch, *frames, channels, *_size(vision)))


def freed(opened: Opened, inputs: tuple[Input, ...], axes: Mapping[str, Axis]) -> tuple[tuple[Input, ...], dict[str, Axis]]:
    """Return the inputs with a free height and width where images are all that the model takes and it runs at three other sizes, and their axes."""
    place = next((place for place, each in enumerate(inputs) if each.name == NAME), None)
    if place is None or len(inputs) > 1 or len(inputs[0].dims) != 4:
        return inputs, dict(axes)
    height, width = (int(dim) for dim in inputs[place].dims[-2:])
    low, high = max(STEP, min(height, width) // 2 // STEP * STEP), max(height, width, 2 * STEP) // STEP * STEP + 2 * STEP
    others = [(low, high), (high, low), (low, low)]
    if not all(_runs(opened, inputs[place], size) for size in others):
        return inputs, dict(axes)
    usual = [size if size % STEP == 0 and low <= size <= high else 0 for size in (height, width)]
    free = {name: Axis(low, high, STEP, size) for name, size in zip(_AXES, usual, strict=True)}
    return (replace(inputs[0], dims=(*inputs[0].dims[:2], *_AXES)),), {**axes, **free}


def _runs(opened: Opened, each: Input, size: Sequence[int]) -> bool:
    channels = each.dims[1]
    image = torch.zeros(1, int(channels), *size, device=device_of(opened.module), dtype=opened.module.dtype)
    with evaluating(opened.module):
        try:
            opened.module(image)
        except Exception:  # noqa: BLE001 - whatever a network makes of a size that it does not take
            return False
    return True


def _vision(config: Any) -> Any:
    """Return the part of a configuration that is for images."""
    for name in ("vision_config", "encoder", "backbone_config"):
        part = getattr(config, name, None)
        if part is not None and hasattr(part, "image_size"):
            return part
    return config


def _size(vision: Any) -> tuple[int, int]:
    size = getattr(vision, "image_size", None)
    if isinstance(size, Mapping):
        return int(size["height"]), int(size["width"])
    if isinstance(size, Sequence) and len(size) == len(_AXES):
        return int(size[0]), int(size[1])
    return (int(size), int(size)) if isinstance(size, int) else (USUAL, USUAL)
