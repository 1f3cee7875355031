"""Images of words as a camera or a screenshot shows them: pure functions of a text, a face and a numpy Generator."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from fonts import Face

CONTRAST = 90  # grey levels, at least, between ink and ground


def render(text: str, face: Face, rng: np.random.Generator) -> Image.Image:
    """Return an RGB image of `text`, cropped around the word: its size, colours, shape and faults drawn from `rng`."""
    ink = draw_ink(text, face, rng)
    ink = distort(ink, rng)
    ink = add_margins(ink, rng)
    image = colour(ink, rng)
    return degrade(image, rng)


def draw_ink(text: str, face: Face, rng: np.random.Generator) -> Image.Image:
    """Return the ink of the text, mode L, 20 to 47 pixels to the em, its letters sometimes set wide or tight, or made bolder."""
    size = int(rng.integers(20, 48))
    font = face.font(size)
    spacing = rng.uniform(-0.02, 0.15) * size if rng.random() < 0.3 else 0.0
    stroke = int(size > 28 and rng.random() < 0.12)
    image = Image.new("L", (int(font.getlength(text) + len(text) * max(spacing, 0)) + 2 * size, 3 * size))
    draw = ImageDraw.Draw(image)
    if not spacing:
        draw.text((size, size), text, fill=255, font=font, stroke_width=stroke)
        return image
    left = float(size)
    for character in text:
        draw.text((left, size), character, fill=255, font=font, stroke_width=stroke)
        left += font.getlength(character) + spacing
    return image


def distort(ink: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Slant, stretch, turn or bend the ink, and cut it to what is inked."""
    if rng.random() < 0.4:
        slant = rng.uniform(-0.25, 0.4)
        ink = _pad(ink, ink.height // 2, 0)
        ink = ink.transform(ink.size, Image.Transform.AFFINE, (1, slant, -slant * ink.height / 2, 0, 1, 0), Image.Resampling.BICUBIC)
    if rng.random() < 0.3:
        ink = _pad(ink, 0, int(0.04 * ink.width)).rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC)
    if rng.random() < 0.06:
        ink = _bend(ink, rng)
    ink = ink.crop(ink.getbbox())
    return ink.resize((max(2, round(ink.width * rng.uniform(0.85, 1.2))), ink.height), Image.Resampling.BICUBIC)


def add_margins(ink: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Put the word into its crop: tight in one of three, else with up to a third of its height around it."""
    most = 0.06 if rng.random() < 0.35 else 0.35
    left, top, right, bottom = (int(share * ink.height) for share in rng.uniform(0, most, 4))
    canvas = Image.new("L", (ink.width + left + right, ink.height + top + bottom))
    canvas.paste(ink, (left, top))
    return canvas


def colour(ink: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the ink in a colour on a ground, dark on light or light on dark, sometimes with a shadow, an outline or a line."""
    ground, letters = _two_colours(rng)
    image = _ground(ink.size, ground, rng)
    if rng.random() < 0.08:
        shift = int(rng.integers(1, 3))
        image.paste(_as_colour(rng.uniform(0, 255, 3)), (shift, shift), ink.point(lambda value: value // 2))
    if rng.random() < 0.06:
        image.paste(_as_colour(2 * ground - letters), (0, 0), ink.filter(ImageFilter.MaxFilter(3)))
    if rng.random() < 0.05:
        _draw_line(image, letters if rng.random() < 0.5 else ground, rng)
    image.paste(_as_colour(letters), (0, 0), ink)
    return image


def degrade(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lose what cameras, scalers and files lose: resolution, sharpness, a clean signal."""
    if rng.random() < 0.5:
        height = int(rng.integers(20, 44))
        size = (max(2, round(image.width * height / image.height)), height)
        image = image.resize(size, Image.Resampling(int(rng.choice([2, 3, 4]))))  # bilinear, bicubic, box
    if rng.random() < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, max(0.3, 0.02 * image.height))))
    if rng.random() < 0.5:
        strength = rng.uniform(1, 10)
        grain = rng.normal(0, strength, (image.height, image.width, 1 if rng.random() < 0.5 else 3))
        image = Image.fromarray((np.asarray(image, np.float32) + grain).clip(0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=int(rng.integers(45, 95)))
        image = Image.open(stream)
        image.load()
    return image


def _pad(ink: Image.Image, wide: int, high: int) -> Image.Image:
    canvas = Image.new("L", (ink.width + 2 * wide, ink.height + 2 * high))
    canvas.paste(ink, (wide, high))
    return canvas


def _bend(ink: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Move each column along half a wave, as on a bottle or a badge."""
    pixels = np.asarray(ink)
    phase, height = rng.uniform(0, np.pi), rng.uniform(0.02, 0.07) * ink.height
    shifts = np.round(height * np.sin(phase + np.linspace(0, np.pi, ink.width))).astype(int)
    rows = (np.arange(ink.height)[:, None] + shifts[None]) % ink.height
    return Image.fromarray(np.take_along_axis(pixels, rows, 0))


def _two_colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return ground and ink [3], 0 to 255, at least CONTRAST grey levels apart; every third time near black and white."""
    if rng.random() < 0.35:
        dark, light = rng.uniform(0, 50, 3), rng.uniform(205, 255, 3)
        return (light, dark) if rng.random() < 0.75 else (dark, light)
    while True:
        ground, letters = (rng.uniform(0, 255, 3) if rng.random() < 0.6 else rng.uniform(0, 255) + rng.uniform(-8, 8, 3) for _ in range(2))
        if abs(_grey(ground) - _grey(letters)) > CONTRAST:
            return ground, letters


def _grey(colour: np.ndarray) -> float:
    return float(colour @ (0.299, 0.587, 0.114))


def _as_colour(values: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values.clip(0, 255))
    return red, green, blue


def _ground(size: tuple[int, int], base: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """Return a flat ground, or one with a gradient, blotches or stripes."""
    width, height = size
    kind = rng.choice(4, p=(0.45, 0.25, 0.2, 0.1))
    if kind == 0:
        return Image.new("RGB", size, _as_colour(base))
    strength = rng.uniform(5, 25)
    if kind == 1:
        across, down = rng.uniform(-1, 1, 2)
        change = across * np.linspace(-1, 1, width)[None] + down * np.linspace(-1, 1, height)[:, None]
    elif kind == 2:
        coarse = Image.fromarray(rng.uniform(-1, 1, (int(rng.integers(2, 6)), int(rng.integers(2, 10)))).astype(np.float32))
        change = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
    else:
        slope = rng.uniform(-1, 1)
        change = np.sin((np.arange(width)[None] * slope + np.arange(height)[:, None]) * rng.uniform(0.2, 1.5))
    return Image.fromarray((base + strength * change[..., None]).clip(0, 255).astype(np.uint8))


def _draw_line(image: Image.Image, letters: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a rule above or below the word, or a frame's side at the left or right."""
    width, height = image.size
    edge = rng.uniform(0, 0.08)
    near = edge if rng.random() < 0.5 else 1 - edge
    level = rng.random() < 0.7
    line = (0, near * height, width, near * height) if level else (near * width, 0, near * width, height)
    ImageDraw.Draw(image).line(line, fill=_as_colour(letters), width=int(rng.integers(1, 3)))
