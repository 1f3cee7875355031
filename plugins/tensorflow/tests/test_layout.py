"""Images channels first at the border, on request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import converter
from converter.plugin import SourceModel, UsageError

Load = Callable[..., SourceModel]


@pytest.fixture
def segmenter(keras: Any) -> Any:
    """An image and a number for each, to an image and a score."""
    image, weight = keras.Input((None, None, 3), name="image"), keras.Input((1,), name="weight")
    hidden = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    score = keras.layers.Dense(2, name="score")(keras.layers.concatenate([keras.layers.GlobalAveragePooling2D()(hidden), weight]))
    return keras.Model([image, weight], [keras.layers.Conv2D(5, 1, name="mask")(hidden), score])


def test_images_are_channels_first_without_a_transpose(segmenter: Any, tmp_path: Path) -> None:
    report = converter.convert(segmenter, tmp_path / "model.onnx", options={"layout": "nchw"})
    assert report.agrees
    assert [attempt.exporter for attempt in report.attempts] == ["traced"]
    graph = onnx.load(tmp_path / "model.onnx").graph
    dims = {each.name: [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in (*graph.input, *graph.output)}
    assert dims["image"] == ["batch", 3, "height", "width"]
    assert dims["mask"][:2] == ["batch", 5]
    assert "Transpose" not in {node.op_type for node in graph.node}
    rng = np.random.default_rng(0)
    images, weights = rng.normal(size=(2, 7, 6, 3)).astype(np.float32), np.ones((2, 1), np.float32)
    mask, _score = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"image": images.transpose(0, 3, 1, 2), "weight": weights})
    np.testing.assert_allclose(mask.transpose(0, 2, 3, 1), segmenter([images, weights])[0], atol=1e-5)


def test_other_exporters_turn_them_at_the_border(segmenter: Any, load: Load, largest_error: Callable[..., float]) -> None:
    model = load(segmenter, layout="nchw")
    assert [each.name for each in model.exporters] == ["traced", "tf2onnx"]
    assert largest_error(model, "tf2onnx") < 1e-5


def test_inputs_are_told_channels_first(segmenter: Any, load: Load) -> None:
    model = load(segmenter, ["image:float32[batch,3,32,width]", "weight:float32[batch,1]"], layout="nchw")
    assert model.inputs[0].dims == ("batch", 3, 32, "width")


def test_a_model_without_images_is_told_so(lstm: Any, load: Load) -> None:
    with pytest.raises(UsageError, match=r"layout=nchw is for images, and no input has four or five axes: steps \[batch, length, 5\]") as caught:
        load(lstm, layout="nchw")
    assert caught.value.hint == "leave -O layout out"
