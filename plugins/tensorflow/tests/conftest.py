"""Fixtures of the tensorflow plugin's tests, and the skip where it is not installed. TensorFlow is imported by the first test that needs it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import ExportRequest, LoadRequest, Source, SourceModel, parse_inputs
from converter.sizes import example_sizes, sizes_to_try
from converter.testing import skip_where_missing
from converter_tensorflow.plugin import TensorFlow

pytest_pycollect_makemodule = skip_where_missing(TensorFlow())
sys.path += [str(Path(__file__).parents[1] / "coverage"), str(Path(__file__).parents[3] / "benchmarks" / "coverage")]


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras on TensorFlow, as the plugin starts it."""
    from converter_tensorflow import startup

    startup.start()
    import keras

    gc.freeze()  # what TensorFlow has set up need not be looked through again and again
    return keras


@pytest.fixture(scope="session")
def tf(request: pytest.FixtureRequest) -> Any:
    """TensorFlow, started by the plugin."""
    request.getfixturevalue("keras")
    import tensorflow as tf

    return tf


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """The same weights whichever tests run."""
    if "keras" in request.fixturenames:
        request.getfixturevalue("keras").utils.set_random_seed(0)


@pytest.fixture(scope="session")
def load(request: pytest.FixtureRequest) -> Callable[..., SourceModel]:
    """Load a source as the host does: load(model_or_path, ["x:float32[batch,3]"], trust=True, signature="count")."""
    request.getfixturevalue("keras")

    def load(value: Any, inputs: Sequence[str] = (), /, *, trust: bool = False, **options: Any) -> SourceModel:
        framework = TensorFlow()
        parsed, axes = parse_inputs(inputs)
        defaults = {option.name: option.default for option in framework.options}
        return framework.load(LoadRequest(Source.of(value), inputs=parsed, axes=axes, options={**defaults, **options}, trust=trust))

    return load


@pytest.fixture
def largest_error(tmp_path: Path) -> Callable[..., float]:
    """How far one exporter's graph is from the model, over every size that the host would try: largest_error(model, "tf2onnx")."""

    def compare(model: SourceModel, exporter: str, opset: int | None = None) -> float:
        import onnxruntime

        path = tmp_path / f"{exporter}.onnx"
        next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path, opset))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        wanted = {each.name for each in session.get_inputs()}
        base = example_sizes(model.axes)
        rows = [base, *({**base, axis: size} for axis, sizes in sizes_to_try(model.axes).items() for size in sizes)]
        errors = []
        for seed, sizes in enumerate(rows):
            feeds = model.sample(np.random.default_rng(seed), sizes)
            got = session.run(None, {name: array for name, array in feeds.items() if name in wanted})
            errors += [distance(*pair) for pair in zip(model.run(feeds).values(), got, strict=True)]
        return max(errors)

    return compare


def distance(expected: np.ndarray, got: np.ndarray) -> float:
    """The largest difference; infinite for other shapes."""
    return float(np.abs(expected.astype(np.float64) - got.astype(np.float64)).max()) if expected.shape == got.shape else float("inf")


@pytest.fixture
def recommender(keras: Any) -> Any:
    """Two inputs, numbers and word ids, and two outputs."""
    numbers = keras.Input((8,), name="numbers")
    words = keras.Input((None,), dtype="int32", name="words")
    pooled = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(30, 6)(words))
    mixed = keras.layers.concatenate([keras.layers.Dense(6, activation="relu")(numbers), pooled])
    outputs = [keras.layers.Dense(3, name="scores")(mixed), keras.layers.Dense(1, name="value")(mixed)]
    return keras.Model([numbers, words], outputs, name="recommender")


@pytest.fixture
def convnet(keras: Any) -> Any:
    """Convolutions and pools over an image of any size from 18 × 18 on."""
    layers = keras.layers
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.Conv2D(4, 3)]
    return keras.Sequential([keras.Input((None, None, 3), name="image"), *stack, layers.GlobalAveragePooling2D(), layers.Dense(2, name="scores")])


@pytest.fixture
def lstm(keras: Any) -> Any:
    """A recurrent net over a free length."""
    layers = [keras.layers.LSTM(4, return_sequences=True), keras.layers.Bidirectional(keras.layers.LSTM(3), name="ends")]
    return keras.Sequential([keras.Input((None, 5), name="steps"), *layers])


@pytest.fixture
def two_functions(tf: Any) -> Any:
    """A tf.Module with a nested function, one that counts its calls, and one without declared types."""

    class Scaler(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable([1.0, 2.0, 3.0])
            self.calls = tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x"), {"rows": tf.TensorSpec([None], tf.int64)}])
        def __call__(self, x: Any, state: Any) -> Any:
            return {"scaled": x * self.scale, "rows": [state["rows"] * 2, tf.gather(self.scale, state["rows"])]}

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def count(self, x: Any) -> Any:
            self.calls.assign_add(1.0)
            return x + self.calls

        @tf.function
        def untyped(self, x: Any) -> Any:
            return tf.nn.relu(x)

    return Scaler()
