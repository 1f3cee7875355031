"""TensorFlow Lite files, each made once by TensorFlow's own converter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SHAPE = (12, 12, 3)


@pytest.fixture(scope="session")
def tflite(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The path of a file: tflite("int8"). See `MAKERS`."""
    tf = request.getfixturevalue("tf")
    folder = tmp_path_factory.mktemp("tflite")

    def path(name: str) -> Path:
        found: Path = folder / f"{name}.tflite"
        if not found.exists():
            tf.keras.utils.set_random_seed(0)
            maker = signatures(tf, folder / "two") if name == "two" else MAKERS[name](tf)
            found.write_bytes(maker.convert())
        return found

    return path


def convnet(tf: Any, *, transposed: bool = True) -> Any:
    """Convolutions of every kind, large enough that their weights are quantised."""
    layers = tf.keras.layers
    stack = [
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", activation="relu6"),
        layers.Conv2D(40, 1, activation="relu"),
        *([layers.Conv2DTranspose(12, 3, strides=2, bias_initializer="normal", activation="relu")] if transposed else []),
        layers.GlobalAveragePooling2D(),
        layers.Dense(40, bias_initializer="normal"),
    ]
    return tf.keras.Sequential([tf.keras.Input(SHAPE, name="image"), *stack])


def calibration() -> Iterator[list[np.ndarray]]:
    for seed in range(20):
        yield [np.random.default_rng(seed).normal(size=(1, *SHAPE)).astype(np.float32)]


def floats(tf: Any, *, transposed: bool = True) -> Any:
    return tf.lite.TFLiteConverter.from_keras_model(convnet(tf, transposed=transposed))


def optimised(tf: Any, dtypes: Sequence[Any] = (), *, transposed: bool = True) -> Any:
    maker = floats(tf, transposed=transposed)
    maker.optimizations = [tf.lite.Optimize.DEFAULT]
    maker.target_spec.supported_types = list(dtypes)
    return maker


def integers(tf: Any, dtype: Any = None) -> Any:
    maker = optimised(tf, transposed=False)
    maker.representative_dataset = calibration
    if dtype is not None:
        maker.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        maker.inference_input_type = maker.inference_output_type = dtype
    return maker


def wide_integers(tf: Any) -> Any:
    maker = integers(tf, tf.int16)
    maker.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    return maker


def module(tf: Any) -> Any:
    """A tf.Module of which every function becomes a file or a signature."""
    spec = tf.TensorSpec

    class Module(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = tf.Variable(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32))
            self.calls = tf.Variable(0.0, name="calls")

        @tf.function(input_signature=[spec([None, 4], tf.float32, name="x")])
        def score(self, x: Any) -> Any:
            return {"scores": x @ self.table, "best": tf.argmax(x @ self.table, 1)}

        @tf.function(input_signature=[spec([None], tf.int32, name="rows")])
        def look_up(self, rows: Any) -> Any:
            return {"found": tf.gather(self.table, rows)}

        @tf.function(input_signature=[spec([3], tf.float32, name="x")])
        def count(self, x: Any) -> Any:
            return x + self.calls.assign_add(1.0)

        @tf.function(input_signature=[spec([2, 4], tf.float32, name="x")])
        def branch(self, x: Any) -> Any:
            return tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2, lambda: x - 1)

        @tf.function(input_signature=[spec([2, 4], tf.float32, name="x")])
        def bessel(self, x: Any) -> Any:
            return tf.math.bessel_i0e(x)

        @tf.function(input_signature=[spec([None, 4], tf.float32, name="x")])
        def passes(self, x: Any) -> Any:
            return {"same": x, "smooth": tf.nn.gelu(x, approximate=True)}

        @tf.function(input_signature=[spec([None, 4], tf.float32, name="x")])
        def bakes(self, x: Any) -> Any:
            return tf.reshape(x, [1, 4]) * 2

    return Module()


def function(tf: Any, name: str) -> Any:
    owner = module(tf)
    maker = tf.lite.TFLiteConverter.from_concrete_functions([getattr(owner, name).get_concrete_function()], owner)
    maker.allow_custom_ops = maker.experimental_enable_resource_variables = True
    return maker


def signatures(tf: Any, folder: Path) -> Any:
    owner = module(tf)
    functions = [owner.score.get_concrete_function(), owner.look_up.get_concrete_function()]
    tf.saved_model.save(owner, str(folder), signatures={"score": functions[0], "look_up": functions[1]})
    return tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["score", "look_up"])


MAKERS: dict[str, Callable[[Any], Any]] = {
    "float32": floats,
    "float16": lambda tf: optimised(tf, [tf.float16]),
    "hybrid": optimised,
    "inner": integers,
    "int8": lambda tf: integers(tf, tf.int8),
    "uint8": lambda tf: integers(tf, tf.uint8),
    "int16": wide_integers,
    **{name: (lambda tf, name=name: function(tf, name)) for name in ("count", "branch", "bessel", "passes", "bakes")},  # type: ignore[misc]
}
