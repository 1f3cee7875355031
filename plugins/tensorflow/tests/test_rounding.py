"""How exact a function is: as far as its answer is from that in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from converter.plugin import SourceModel

Load = Callable[..., SourceModel]


def feeds_of(model: SourceModel) -> dict[str, np.ndarray]:
    return model.sample(np.random.default_rng(0), dict.fromkeys(model.axes, 5))


def test_errors_are_those_of_float32(load: Load, keras: Any) -> None:
    dense = keras.layers.Dense(7, kernel_initializer=keras.initializers.RandomNormal(stddev=100, seed=0))
    model = load(keras.Sequential([keras.Input((500,)), dense]))
    feeds = feeds_of(model)
    (error,), (answer,), (x,) = model.rounding(feeds).values(), model.run(feeds).values(), feeds.values()
    exact = x.astype(np.float64) @ dense.kernel.numpy().astype(np.float64)
    assert error == pytest.approx(np.abs(answer - exact).max(), rel=1e-3)
    assert 1e-5 < error < 1e-2
    assert dense.kernel.numpy().dtype == np.float32


@pytest.fixture
def normalized(keras: Any) -> Any:
    """A batch normalization that has seen something, between convolutions."""
    layers = [keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.Conv2D(2, 3)]
    net = keras.Sequential([keras.Input((None, None, 3)), *layers])
    draw = np.random.default_rng(0).uniform
    layers[1].set_weights([draw(0.5, 2, 4).astype(np.float32) for _ in range(4)])
    return net


@pytest.mark.parametrize("name", ["recommender", "convnet", "lstm", "normalized"])
def test_layers_have_double_precision(load: Load, request: pytest.FixtureRequest, name: str) -> None:
    model = load(request.getfixturevalue(name))
    feeds = model.sample(np.random.default_rng(0), dict.fromkeys(model.axes, 20))
    found = model.rounding(feeds)
    assert found.keys() == {each.name for each in model.outputs}
    assert all(0 < error < 1e-5 for error in found.values())


def test_functions_too(load: Load, two_functions: Any) -> None:
    model = load(two_functions)
    found = model.rounding(feeds_of(model) | {"state.rows": np.array([0, 2], np.int64)})
    assert found["rows.0"] == 0
    assert found["scaled"] < 1e-6


def test_what_has_no_double_precision_is_not_known(load: Load, tf: Any) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 1], tf.float32)])  # type: ignore[untyped-decorator]
    def resized(image: Any) -> Any:
        return tf.image.resize(image, [8, 8]) * tf.constant(0.5)

    model = load(resized)
    assert model.rounding(feeds_of(model)) == {}
