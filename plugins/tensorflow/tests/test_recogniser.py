"""Keras models that read text: what their graphs carry, and what `converter run` reads with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter
from converter.plugin import SourceModel, UsageError

Load = Callable[..., SourceModel]
CHARSET = "abc"


@pytest.fixture
def reader(keras: Any) -> Any:
    """A recogniser of three characters on images of height 8 and any width."""
    layers = keras.layers
    stack = [
        layers.Rescaling(1 / 255),
        layers.Conv2D(4, 3, strides=(2, 1), padding="same", activation="relu"),
        layers.Permute((2, 1, 3)),
        layers.Reshape((-1, 16)),
    ]
    return keras.Sequential(
        [
            keras.Input((8, None, 1), name="images"),
            *stack,
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.Dense(4, name="scores"),
        ]
    )


@pytest.mark.parametrize(("options", "blank", "last"), [({}, 0, True), ({"blank": "last", "layout": "nchw"}, 3, False)])
def test_the_graph_carries_its_alphabet_and_the_preparation(reader: Any, tmp_path: Path, options: dict[str, str], blank: int, *, last: bool) -> None:
    report = converter.convert(reader, tmp_path / "model.onnx", options={"charset": CHARSET, **options})
    assert report.agrees
    metadata = converter.Session(tmp_path / "model.onnx").metadata
    assert json.loads(metadata["ctc"]) == {"output": "scores", "charset": CHARSET, "blank": blank, "batch_first": True}
    preparation = json.loads(metadata["image"])
    assert (preparation["input"], preparation["height"], preparation["width"], preparation["mode"]) == ("images", 8, 25, "L")
    assert preparation["channels_last"] == last


def test_images_are_read_from_the_command_line(
    reader: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    from converter.cli import main

    pixels = np.random.default_rng(0).integers(0, 256, (8, 25)).astype(np.uint8)
    image.fromarray(pixels).save(tmp_path / "word.png")
    converter.convert(reader, tmp_path / "model.onnx", options={"charset": CHARSET})
    monkeypatch.setattr("sys.argv", ["converter", "run", str(tmp_path / "model.onnx"), "--input", f"images={tmp_path / 'word.png'}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    best = np.asarray(reader(pixels[None, :, :, None].astype(np.float32)))[0].argmax(-1)
    merged = [step for place, step in enumerate(best) if place == 0 or step != best[place - 1]]
    assert capsys.readouterr().out.strip().partition("\t")[2] == "".join(CHARSET[step - 1] for step in merged if step)


def test_a_charset_that_does_not_fit_is_refused(reader: Any, load: Load) -> None:
    with pytest.raises(UsageError, match=r"no output is scores \[batch, steps, 3\] of 2 characters and the blank: scores \[\d+, \d+, 4\]") as caught:
        load(reader, charset="ab")
    assert caught.value.hint == "-O charset=… names every class in order, without the blank"
