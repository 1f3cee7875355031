"""Images are prepared as the metadata says: size, ratio, filling, colours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from converter.errors import ConverterError, MissingPackage, SourceNotFound
from converter.images import METADATA_KEY, ImagePreparation, open_image

GREY = ImagePreparation("images", 8, 20, "L", 128, (0.5,), (0.25,))
COLOUR = ImagePreparation("images", 8, 20)


@given(st.integers(1, 60), st.integers(1, 40), st.sampled_from(["L", "RGB", "RGBA", "P", "1"]))
def test_any_image_becomes_one_shape(width: int, height: int, mode: str) -> None:
    image = Image.new(mode, (width, height))
    for preparation, channels in ((GREY, 1), (COLOUR, 3)):
        array = preparation(image)
        assert (array.shape, array.dtype) == ((channels, 8, 20), np.float32)
        assert array.flags.c_contiguous


def test_the_ratio_is_kept_and_the_rest_is_filled() -> None:
    array = GREY(Image.new("L", (32, 16), 255))
    white, grey = (1 - 0.5) / 0.25, (128 / 255 - 0.5) / 0.25
    assert np.allclose(array[0, :, :16], white, atol=1e-6)
    assert np.allclose(array[0, :, 16:], grey, atol=1e-6)


def test_a_wide_image_is_squeezed() -> None:
    assert np.allclose(GREY(Image.new("L", (400, 8), 0)), -2)


def test_colours_are_in_the_order_of_the_mode() -> None:
    array = COLOUR(Image.new("RGB", (20, 8), (255, 0, 51)))
    wanted = (np.array([1, 0, 0.2]) - COLOUR.mean) / COLOUR.std
    assert np.allclose(array, wanted[:, None, None], atol=1e-6)


def test_it_travels_as_metadata() -> None:
    for preparation in (GREY, COLOUR):
        assert ImagePreparation.from_metadata({METADATA_KEY: preparation.to_json()}) == preparation
    assert ImagePreparation.from_metadata({"other": "x"}) is None


def test_a_batch_of_files(tmp_path: Path) -> None:
    paths = []
    for number, size in enumerate(((20, 8), (8, 20))):
        paths.append(tmp_path / f"{number}.png")
        Image.new("L", size, 255).save(paths[-1])
    assert GREY.batch(paths).shape == (2, 1, 8, 20)


def refusal(error: type[ConverterError], act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(error) as caught:
        act()
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n cut off", b"GIF89a", b"BM" + bytes(60), b"RIFF0000WEBPVP8 "])
def test_a_file_that_is_no_image(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1.png").write_bytes(content)
    message, hint = refusal(ConverterError, lambda: open_image(tmp_path / "1.png"))
    assert message.startswith(f"{tmp_path / '1.png'} is not an image that Pillow reads: ")
    assert hint.startswith("readable suffixes: .bmp, ")


def test_an_image_cut_off_anywhere(tmp_path: Path) -> None:
    Image.effect_noise((40, 40), 50).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    for length in range(0, len(whole) - 20, 97):
        (tmp_path / "1.png").write_bytes(whole[:length])
        assert "is not an image that Pillow reads" in refusal(ConverterError, lambda: open_image(tmp_path / "1.png"))[0]


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(SourceNotFound, lambda: open_image(tmp_path / "none.png"))[0] == f"{tmp_path / 'none.png'} does not exist"
    monkeypatch.setitem(sys.modules, "PIL", None)
    message, hint = refusal(MissingPackage, lambda: open_image(tmp_path / "1.png"))
    assert message == f"Pillow is needed to read {tmp_path / '1.png'}, and it is not installed"
    assert hint == "pip install 'onnx-converter[images]'"
