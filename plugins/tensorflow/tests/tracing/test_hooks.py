"""What tracing replaces in Keras: nothing is left of it, others do not see it, and its private names are there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import ExportError, ExportRequest, SourceModel

Load = Callable[..., SourceModel]


def state_of(keras: Any) -> dict[tuple[str, str], Any]:
    """Every function that tracing may replace, wherever Keras has it, and the calls of its layers."""
    import sys

    from converter_tensorflow.tracing.hooks import backend_functions

    names = {each.__name__ for each in backend_functions()}
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "keras"}
    found = {(name, key): value for name, module in modules.items() for key, value in vars(module).items() if key in names}
    classes = [value for value in vars(keras.layers).values() if isinstance(value, type)]
    return found | {
        (each.__name__, key): vars(each).get(key)
        for each in classes
        for key in ("call", "__call__", "inner_loop", "get_random_transformation", "_maybe_config_dropout_masks")
    }


def write(model: SourceModel, path: Path) -> str | None:
    return next(each for each in model.exporters if each.name == "traced").write(ExportRequest(path))


def test_keras_is_what_it_was_after_a_conversion_and_after_one_that_failed(keras: Any, load: Load, lstm: Any, tmp_path: Path) -> None:
    class Chooses(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x if keras.ops.sum(x) > 0 else -x

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    inputs = keras.Input((3,))
    before = state_of(keras)
    write(load(lstm), tmp_path / "good.onnx")
    assert state_of(keras) == before
    with pytest.raises(ExportError, match=r"layer chooses \(Chooses\) has no form in ONNX: its own call: Python branches on the value of a tensor"):
        write(load(keras.Model(inputs, Chooses()(inputs))), tmp_path / "bad.onnx")
    assert state_of(keras) == before


def test_other_threads_compute_while_one_writes(keras: Any, load: Load, tmp_path: Path) -> None:
    answers: list[np.ndarray] = []

    class Waits(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            elsewhere = threading.Thread(target=lambda: answers.append(keras.ops.convert_to_numpy(keras.ops.relu(np.array([-1.0, 2.0])))))
            elsewhere.start()
            elsewhere.join()
            return keras.ops.relu(x)

    inputs = keras.Input((3,))
    model = load(keras.Model(inputs, Waits()(inputs)))
    answers.clear()
    assert write(model, tmp_path / "graph.onnx") is None
    assert [each.tolist() for each in answers] == [[0, 2]]


@pytest.mark.usefixtures("keras")
def test_every_rule_stands_for_a_function_of_this_keras() -> None:
    """A name that Keras drops leaves a rule without use, and its function to tf2onnx."""
    from converter_tensorflow.tracing import functions, layers, rules
    from converter_tensorflow.tracing.hooks import backend_functions

    assert functions
    assert layers
    assert set(rules.functions) - set(backend_functions().values()) <= ADDED


ADDED = {
    "math.erfc",
    "math.segment_min",
    "nn.adaptive_average_pool",
    "nn.adaptive_max_pool",
    "nn.depth_to_space",
    "nn.space_to_depth",
    "numpy.array_split",
    "numpy.empty_like",
    "numpy.rad2deg",
    "rnn.bidirectional_gru",
    "rnn.bidirectional_lstm",
}
"""Functions that older versions of Keras 3 do not have."""


def test_a_rule_of_ones_own_is_taken(keras: Any, load: Load, tmp_path: Path, largest_error: Callable[..., float]) -> None:
    from converter_tensorflow.tracing import rules
    from converter_tensorflow.tracing.operands import traced

    class Doubles(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + x

    inputs = keras.Input((3,))
    model = load(keras.Model(inputs, Doubles()(inputs)))

    @rules.layer(Doubles)
    def doubles(self: Any, x: Any) -> Any:  # noqa: ARG001 - as rules are called
        return traced(x).mapped(lambda value: value.node("Mul", 2.0))

    try:
        path = tmp_path / "graph.onnx"
        write(model, path)
        import onnx

        assert [node.op_type for node in onnx.load(path).graph.node] == ["Mul", "Identity"]
        assert largest_error(model, "traced") == 0
    finally:
        del rules.layers[Doubles, "call"]
