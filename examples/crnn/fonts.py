"""Faces to render words with: found in folders, kept only where they show the Latin letters and the digits.

Pillow's built-in face is always among them, so that everything here runs on a machine without any font.
"""

from __future__ import annotations

import functools
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
HELD_OUT = frozenset({"Caladea", "Carlito", "Comfortaa", "Inconsolata", "Lato", "PT"})  # first word of a family; never trained on
CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LEGIBLE = 0.25  # share of the glyphs nearest to their own character in the built-in face: Greek has 0.21, dingbats 0.03, serif italics 0.3


@dataclass(frozen=True)
class Face:
    """One face of a family; `path` is None for Pillow's built-in one."""

    path: Path | None
    family: str
    style: str

    @property
    def held_out(self) -> bool:
        """Whether the family is kept from training."""
        return self.family.split()[0] in HELD_OUT

    def font(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the face at `size` pixels."""
        return load_font(self.path, size)


def builtin() -> Face:
    """Return the face that comes with Pillow."""
    return Face(None, *names(load_font(None, 32)))


def system_folders() -> list[Path]:
    """Return the folders where this system keeps its fonts."""
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]


def find_faces(folders: list[Path]) -> list[Face]:
    """Return the built-in face and every legible one below `folders`, none twice under another name."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    faces: dict[bytes, Face] = {}
    for path in [None, *files]:
        try:
            font = load_font(path, 48)
            look = glyphs(font)
        except OSError:  # a file that FreeType cannot read or scale
            continue
        if is_legible(look, glyph(font, "\uffff")):
            faces.setdefault(look.tobytes(), Face(path, *names(font)))
    return list(faces.values())


def is_legible(look: np.ndarray, missing: np.ndarray) -> bool:
    """Whether glyphs [characters, 16, 16] are Latin letters and digits: all there, and no symbols or another script."""
    if any(np.array_equal(shape, missing) or not shape.any() for shape in look):
        return False
    distances = np.abs(look[:, None] - glyphs(load_font(None, 48))[None]).mean((2, 3))
    found = [CHARACTERS[nearest].lower() == character.lower() for nearest, character in zip(distances.argmin(1), CHARACTERS, strict=True)]
    return sum(found) >= LEGIBLE * len(CHARACTERS)


@functools.lru_cache(maxsize=2)  # the built-in face's are asked for again and again
def glyphs(font: ImageFont.FreeTypeFont) -> np.ndarray:
    """Return the glyphs of CHARACTERS as float32 [characters, 16, 16]."""
    return np.stack([glyph(font, character) for character in CHARACTERS])


def glyph(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray:
    """Return the ink of a character stretched to a square: float32 [16, 16], 0 to 1; all 0 where it has none."""
    image = Image.new("L", (128, 128))
    ImageDraw.Draw(image).text((32, 32), character, fill=255, font=font)
    cut = image.crop(image.getbbox() or (0, 0, 1, 1))
    return np.asarray(cut.resize((16, 16), Image.Resampling.BOX), np.float32) / 255


def names(font: ImageFont.FreeTypeFont) -> tuple[str, str]:
    """Return the names of a font's family and style."""
    family, style = font.getname()
    return family or "unnamed", style or "Regular"


@functools.cache
def load_font(path: Path | None, size: int) -> ImageFont.FreeTypeFont:
    """Return the font in a file, or the built-in one, at `size` pixels; OSError where FreeType cannot."""
    if path is not None:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)  # the same on every system; no ligatures
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise OSError("this Pillow is built without FreeType, so it has no scalable face")
    return font
