"""Images as a model wants them: the preparation travels in the graph's metadata and is applied by `converter run`.

The metadata key is `image`; its value is the JSON of an `ImagePreparation`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.errors import ConverterError, MissingPackage, SourceNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PIL.Image import Image

METADATA_KEY = "image"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class ImagePreparation:
    """How an image of any size becomes one float32 array [channels, height, width], or [height, width, channels].

    The image is resized (bilinear) to `height` pixels, its aspect ratio kept up to `width` pixels; what is missing on the right
    is filled with the grey value `fill`. Then pixels become `(value / 255 - mean) / std`, a channel each.
    """

    input: str
    height: int
    width: int
    mode: str = "RGB"  # Pillow's name: "RGB" or "L"
    fill: int = 128  # 0 to 255
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    channels_last: bool = False

    def __call__(self, image: Image) -> np.ndarray:
        """Return `image` as float32 [channels, height, width], channels last if so told."""
        picture = image.convert(self.mode)
        ratio = picture.width / picture.height
        width = max(1, min(self.width, round(self.height * ratio)))
        resized = np.asarray(picture.resize((width, self.height), resample=2), np.float32)  # 2: bilinear
        canvas = np.full((self.height, self.width, len(self.mean)), self.fill, np.float32)
        canvas[:, :width] = resized.reshape(self.height, width, len(self.mean))
        scaled = (canvas / 255 - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        return np.ascontiguousarray(scaled if self.channels_last else scaled.transpose(2, 0, 1), np.float32)

    def batch(self, paths: list[Path]) -> np.ndarray:
        """Return the image files as float32 [batch, channels, height, width], channels last if so told.

        Raises SourceNotFound for a missing file, ConverterError for one that is no image, MissingPackage without Pillow.
        """
        return np.stack([self(open_image(path)) for path in paths])

    def to_json(self) -> str:
        """Return the metadata value."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_metadata(metadata: Mapping[str, str]) -> ImagePreparation | None:
        """Return the preparation that a graph's metadata holds, None where it holds none."""
        if METADATA_KEY not in metadata:
            return None
        fields: dict[str, Any] = json.loads(metadata[METADATA_KEY])
        return ImagePreparation(**{**fields, "mean": tuple(fields["mean"]), "std": tuple(fields["std"])})


def open_image(path: Path) -> Image:
    """Open an image file with Pillow; raises as `ImagePreparation.batch`."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise MissingPackage("Pillow", f"to read {path}", extra="images") from None
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except FileNotFoundError:
        raise SourceNotFound(str(path)) from None
    except (UnidentifiedImageError, OSError) as error:
        raise ConverterError(
            f"{path} is not an image that Pillow reads: {error}", hint=f"readable suffixes: {', '.join(sorted(SUFFIXES))}"
        ) from error
