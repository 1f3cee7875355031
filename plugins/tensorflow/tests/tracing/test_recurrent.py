"""Recurrent layers: one fused operator wherever ONNX can say it, whatever the mask, and a loop where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.plugin import ExportRequest, LoadRequest, Source

FUSED = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"return_sequences": True},
    {"return_sequences": True, "return_state": True},
    {"go_backwards": True, "return_sequences": True},
    {"go_backwards": True, "return_state": True},
    {"activation": "relu", "return_sequences": True},
    {"use_bias": False},
    {"dropout": 0.3, "recurrent_dropout": 0.2},
]


@pytest.fixture
def agrees(keras: Any, tmp_path: Path) -> Callable[..., list[str]]:
    """Check a layer over sequences, with random weights and a mask that leaves out any steps; returns the operators of its graph."""

    def agrees(layer: Any, *, masked: bool = False, states: tuple[int, ...] = ()) -> list[str]:
        from converter_tensorflow.functions.keras_function import keras_function
        from converter_tensorflow.tracing.tracing import write_traced

        inputs = keras.Input((None, 3), name="x")
        keep = [keras.Input((None,), dtype="bool", name="keep")] if masked else []
        begin = [keras.Input((units,), name=f"state{place}") for place, units in enumerate(states)]
        arguments = {**({"mask": keep[0]} if masked else {}), **({"initial_state": begin} if begin else {})}
        model = keras.Model([inputs, *keep, *begin], layer(inputs, **arguments))
        rng = np.random.default_rng(0)
        for weight in model.weights:
            weight.assign(rng.normal(0, 0.5, weight.shape))
        function = keras_function(model, LoadRequest(Source.of(model)))
        assert write_traced(function, model, ExportRequest(tmp_path / "graph.onnx")) is None
        session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
        for batch, time in ((1, 1), (4, 7)):
            feeds = [
                rng.normal(size=(batch, time, 3)),
                *([rng.random((batch, time)) < 0.6] if masked else []),
                *(rng.normal(size=(batch, n)) for n in states),
            ]
            given = {each.name: feed.astype(each.dtype) for each, feed in zip(function.declared.inputs, feeds, strict=True)}
            answers = function([keras.ops.convert_to_tensor(each) for each in given.values()])
            for want, got in zip(answers, session.run(None, given), strict=True):
                np.testing.assert_allclose(got, want, atol=2e-6)
        return [node.op_type for node in onnx.load(tmp_path / "graph.onnx").graph.node]

    return agrees


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("kind", list(FUSED))
def test_every_setting_is_fused(keras: Any, agrees: Callable[..., list[str]], kind: str, *, masked: bool) -> None:
    for setting in SETTINGS:
        operators = agrees(getattr(keras.layers, kind)(4, **setting), masked=masked)
        assert FUSED[kind] in operators, setting
        assert not {"Loop", "Scan"} & set(operators), setting


@pytest.mark.parametrize("kind", list(FUSED))
def test_both_directions_are_one_operator(keras: Any, agrees: Callable[..., list[str]], kind: str) -> None:
    for mode in ("concat", "sum", "ave", "mul", None):
        layer = keras.layers.Bidirectional(getattr(keras.layers, kind)(4, return_sequences=True), merge_mode=mode)
        assert agrees(layer).count(FUSED[kind]) == 1, mode
    assert agrees(keras.layers.Bidirectional(getattr(keras.layers, kind)(4, return_state=True))).count(FUSED[kind]) == 1
    masked = keras.layers.Bidirectional(getattr(keras.layers, kind)(4, return_sequences=True, return_state=True))
    assert agrees(masked, masked=True).count(FUSED[kind]) == 2


def test_stacked_cells_are_one_behind_the_other(keras: Any, agrees: Callable[..., list[str]]) -> None:
    for arguments in ({}, {"return_sequences": True, "return_state": True}, {"go_backwards": True}):
        for masked in (False, True):
            cells = [keras.layers.LSTMCell(4), keras.layers.GRUCell(3)]
            operators = agrees(keras.layers.RNN(cells, **arguments), masked=masked)
            assert (operators.count("LSTM"), operators.count("GRU")) == (1, 1)


def test_states_come_from_outside(keras: Any, agrees: Callable[..., list[str]]) -> None:
    assert "LSTM" in agrees(keras.layers.LSTM(4, return_state=True), states=(4, 4))
    assert "GRU" in agrees(keras.layers.GRU(4, return_sequences=True), masked=True, states=(4,))


def test_an_older_gru_and_zeros_for_masked_steps(keras: Any, agrees: Callable[..., list[str]]) -> None:
    assert "GRU" in agrees(keras.layers.GRU(4, reset_after=False))
    assert "LSTM" in agrees(keras.layers.LSTM(4, return_sequences=True, zero_output_for_mask=True), masked=True)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_other_activations_and_cells_are_loops(keras: Any, agrees: Callable[..., list[str]], *, masked: bool) -> None:
    class Cell(keras.layers.Layer):
        """Adds up what it reads, twice."""

        state_size = (4, 4)

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], 4))

        def call(self, x: Any, states: Any) -> Any:
            after = keras.ops.matmul(x, self.kernel) + states[0] * 0.5
            return after, [after, states[1] - after]

    assert "Scan" in agrees(keras.layers.LSTM(4, activation="gelu", return_sequences=True), masked=masked)
    for arguments in (
        {"return_sequences": True, "go_backwards": True},
        {"return_state": True},
        {"return_sequences": True, "zero_output_for_mask": True},
    ):
        assert "Scan" in agrees(keras.layers.RNN(Cell(), **arguments), masked=masked)


def test_a_recurrent_convolution(keras: Any, tmp_path: Path) -> None:
    from converter_tensorflow.functions.keras_function import keras_function
    from converter_tensorflow.tracing.tracing import write_traced

    inputs = keras.Input((None, 6, 7, 2))
    model = keras.Model(inputs, keras.layers.ConvLSTM2D(3, 2, return_sequences=True, padding="same")(inputs))
    assert write_traced(keras_function(model, LoadRequest(Source.of(model))), model, ExportRequest(tmp_path / "graph.onnx")) is None
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 7, 2)).astype(np.float32)
    (got,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx").run(None, {"input": x})
    np.testing.assert_allclose(got, model(x), atol=2e-6)
