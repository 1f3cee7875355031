"""One model saved four ways gives four graphs that agree with it and have its names; a .tflite file has its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import converter
from converter.plugin import ExportRequest, SourceModel


@pytest.fixture
def two_heads(keras: Any) -> Any:
    """An image and a number for each, to scores and a value."""
    image, weight = keras.Input((8, 8, 3), name="image"), keras.Input((1,), name="weight")
    hidden = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(image)
    hidden = keras.layers.concatenate([keras.layers.Flatten()(keras.layers.BatchNormalization()(hidden)), weight])
    return keras.Model(
        [image, weight], [keras.layers.Dense(3, activation="softmax", name="scores")(hidden), keras.layers.Dense(1, name="value")(hidden)]
    )


def saved(model: Any, tf: Any, folder: Path) -> dict[str, Path]:
    """Write the four forms."""
    paths = {"keras": folder / "model.keras", "h5": folder / "model.h5", "saved": folder / "saved", "tflite": folder / "model.tflite"}
    model.save(paths["keras"])
    model.save(paths["h5"])
    model.export(paths["saved"], verbose=False)
    paths["tflite"].write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(paths["saved"])).convert())
    return paths


def test_four_forms_agree_with_the_model(two_heads: Any, tf: Any, load: Callable[..., SourceModel], tmp_path: Path) -> None:
    def write(path: Path, graph: Path, inputs: list[str]) -> None:
        load(path, inputs).exporters[0].write(ExportRequest(graph, None))

    assert_four_forms_agree(two_heads, tf, tmp_path, write)


@pytest.mark.slow
def test_four_forms_convert(two_heads: Any, tf: Any, tmp_path: Path) -> None:
    def write(path: Path, graph: Path, inputs: list[str]) -> None:
        assert converter.convert(path, graph, inputs=inputs).agrees

    assert_four_forms_agree(two_heads, tf, tmp_path, write)


def assert_four_forms_agree(model: Any, tf: Any, folder: Path, write: Callable[[Path, Path, list[str]], None]) -> None:
    rng = np.random.default_rng(0)
    feeds = [rng.normal(size=(2, 8, 8, 3)).astype(np.float32), rng.normal(size=(2, 1)).astype(np.float32)]
    wanted = [each.numpy() for each in model(feeds)]
    for form, path in saved(model, tf, folder).items():
        graph = folder / f"{form}.onnx"
        write(path, graph, ["image:float32[batch,8,8,3]", "weight:float32[batch,1]"] if form != "tflite" else [])
        session = onnxruntime.InferenceSession(graph)
        inputs, outputs = ([each.name for each in found] for found in (session.get_inputs(), session.get_outputs()))
        assert inputs == ["image", "weight"], form
        if form != "tflite":
            assert outputs == ["scores", "value"], form
        answers = sorted(session.run(None, dict(zip(inputs, feeds, strict=True))), key=lambda array: -array.shape[1])
        for want, got in zip(wanted, answers, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-5)


def test_a_saved_model_keeps_the_names_of_the_layers(keras: Any, load: Callable[..., SourceModel], tmp_path: Path) -> None:
    first, second, keyed = keras.Input((4,)), keras.Input((4,)), keras.Input((4,), name="a")
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="inner")
    models = {
        "named": keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(2, name="dense_1")], name="outer"),
        "nested": keras.Model(first, inner(first)),
        "two": keras.Model([first, second], [keras.layers.Dense(2, name="left")(first), keras.layers.Softmax(name="right")(second)]),
        "dict": keras.Model({"a": keyed}, {"p": keras.layers.Dense(2)(keyed)}),
    }
    names = {}
    for key, model in models.items():
        model.export(tmp_path / key, verbose=False)
        found = load(tmp_path / key)
        names[key] = [each.name for each in found.inputs], [each.name for each in found.outputs]
    assert names == {
        "named": (["x"], ["dense_1"]),
        "nested": (["input"], ["inner"]),
        "two": (["input_0", "input_1"], ["left", "right"]),
        "dict": (["a"], ["p"]),
    }
