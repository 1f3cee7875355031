"""What has no rule goes through tf2onnx alone, named in the note; what neither can write is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.plugin import ExportError, ExportRequest, SourceModel

Load = Callable[..., SourceModel]
Traced = Callable[..., tuple[Path, str | None]]
ROWS = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("numpy.diff", lambda ops: lambda x: ops.diff(x, axis=1)),
        ("numpy.heaviside", lambda ops: lambda x: ops.heaviside(x, 0.5)),
        ("numpy.sinc", lambda ops: lambda x: ops.sinc(x)),
        ("image.rgb_to_hsv", lambda ops: lambda x: ops.image.rgb_to_hsv(ops.sigmoid(x)[:, None, :3])),
    ],
)
def test_a_function_alone(keras: Any, traced: Traced, name: str, make: Any) -> None:
    function = make(keras.ops)
    path, note = traced(lambda x: keras.ops.exp(function(x)), [ROWS])
    assert note == f"through tf2onnx: {name}"
    (got,) = onnxruntime.InferenceSession(path).run(None, {"x0": ROWS[:2]})
    np.testing.assert_allclose(got, np.exp(function(ROWS[:2])), rtol=1e-5, atol=1e-6)


def own_layer(keras: Any, tf: Any) -> Any:
    """A layer in TensorFlow's own words, with a weight, a mask and two answers."""

    class InTensorFlow(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="in_tensorflow")
            self.supports_masking = True

        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal")

        def call(self, x: Any, mask: Any = None) -> Any:
            kept = x if mask is None else tf.where(mask[..., None], x, 0.0)
            return {"scaled": tf.math.softplus(kept) * self.scale, "rest": tf.reduce_sum(kept, -1)}

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - as Keras calls it
            return {"scaled": mask, "rest": None}

    return InTensorFlow()


def test_a_layer_with_its_weights_and_its_mask(keras: Any, tf: Any, load: Load, largest_error: Callable[..., float], tmp_path: Path) -> None:
    inputs = keras.Input((None,), dtype="int32")
    found = own_layer(keras, tf)(keras.layers.Embedding(9, 4, mask_zero=True)(inputs))
    model = load(keras.Model(inputs, [keras.layers.LSTM(3)(found["scaled"]), found["rest"]]))
    exporter = next(each for each in model.exporters if each.name == "traced")
    assert exporter.write(ExportRequest(tmp_path / "graph.onnx")) == "through tf2onnx: in_tensorflow"
    assert largest_error(model, "traced") < 1e-6


def test_what_neither_can_write_is_named(keras: Any, traced: Traced) -> None:
    with pytest.raises(ExportError, match=r"layer calls\w* \(Calls\) has no form in ONNX: its own call: linalg.svd: .*; through tf2onnx: .*Svd"):
        traced(lambda x: keras.ops.svd(x[:, None] * x[:, :, None])[1], [ROWS])
