"""Each exporter alone: that its graph agrees, what it cannot do, and what it leaves behind."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.plugin import ExportError, ExportRequest, SourceModel

Load = Callable[..., SourceModel]
LargestError = Callable[..., float]
BOTH = pytest.mark.parametrize("exporter", ["tf2onnx", "keras"])
ALL = pytest.mark.parametrize("exporter", ["traced", "tf2onnx", "keras"])


def write(model: SourceModel, exporter: str, path: Path, opset: int | None = None) -> onnx.ModelProto:
    next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path, opset))
    return onnx.load(path)


@ALL
@pytest.mark.parametrize("name", ["recommender", "convnet", "lstm"])
def test_agrees_at_every_size(load: Load, largest_error: LargestError, request: pytest.FixtureRequest, exporter: str, name: str) -> None:
    assert largest_error(load(request.getfixturevalue(name)), exporter) < 1e-5


@ALL
def test_a_file_that_was_never_called_is_exported(load: Load, lstm: Any, largest_error: LargestError, tmp_path: Path, exporter: str) -> None:
    lstm.save(tmp_path / "model.keras")
    assert largest_error(load(tmp_path / "model.keras"), exporter) < 1e-5


@ALL
def test_dicts_and_ignored_inputs_keep_their_names(load: Load, keras: Any, tmp_path: Path, exporter: str) -> None:
    z, a = keras.Input((4,), name="z"), keras.Input((2,), name="a")
    model = load(keras.Model({"z": z, "a": a}, {"p": keras.layers.Dense(2)(z), "o": keras.layers.Dense(1)(z)}))
    graph = write(model, exporter, tmp_path / "graph.onnx").graph
    assert "z" in [each.name for each in graph.input]
    assert [each.name for each in graph.output] == ["o", "p"]


def test_signatures_have_tf2onnx_alone(load: Load, two_functions: Any, largest_error: LargestError) -> None:
    model = load(two_functions)
    assert [each.name for each in model.exporters] == ["tf2onnx"]
    assert largest_error(model, "tf2onnx") < 1e-6


def test_captured_constants_stay_constants(load: Load, keras: Any, largest_error: LargestError) -> None:
    normalised = keras.layers.Normalization(axis=-1)
    normalised.adapt(np.random.default_rng(0).normal(2, 3, (50, 4)).astype(np.float32))
    model = load(keras.Sequential([keras.Input((4,)), normalised, keras.layers.Dense(2)]))
    assert largest_error(model, "tf2onnx") < 1e-5


@BOTH
def test_what_onnx_lacks_is_named(load: Load, keras: Any, tf: Any, tmp_path: Path, exporter: str) -> None:
    class Bend(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return tf.math.lgamma(x) + tf.math.betainc(x, x, x)

    model = load(keras.Sequential([keras.Input((4,)), Bend(name="bend")]))
    with pytest.raises(
        ExportError, match=rf"exporter {exporter}: tf2onnx has no ONNX operators for Betainc \(in .*bend.*\), Lgamma \(in .*bend.*\)"
    ) as caught:
        write(model, exporter, tmp_path / "graph.onnx")
    assert "keras.ops" in caught.value.hint


def test_operations_inside_a_loop_are_found() -> None:
    from converter_tensorflow.exporters.leftovers import refuse_leftovers

    body = onnx.helper.make_graph([onnx.helper.make_node("RFFT", ["x"], ["y"], name="deep")], "body", [], [])
    graph = onnx.helper.make_graph([onnx.helper.make_node("If", ["c"], ["z"], then_branch=body, else_branch=body)], "g", [], [])
    with pytest.raises(ExportError, match=r"RFFT \(in deep\)"):
        refuse_leftovers(onnx.helper.make_model(graph), "tf2onnx")


@BOTH
def test_a_model_that_cannot_be_traced_is_told_in_a_line(load: Load, keras: Any, tf: Any, tmp_path: Path, exporter: str) -> None:
    class Branching(keras.Model):  # type: ignore[misc]
        def build(self, _shape: Any) -> None:
            self.built = True

        def call(self, x: Any) -> Any:
            return x if tf.reduce_sum(x) > 0 else -x

    model = Branching()
    model(np.ones((2, 4), np.float32))
    with pytest.raises(
        ExportError, match=r"OperatorNotAllowedInGraphError: Using a symbolic `tf.Tensor` as a Python `bool` .*\(in Branching\)"
    ) as caught:
        write(load(model), exporter, tmp_path / "graph.onnx")
    assert "Traceback" in caught.value.details


@BOTH
def test_the_opset_is_the_wanted_one(load: Load, lstm: Any, tmp_path: Path, exporter: str) -> None:
    model = load(lstm)
    opsets = {wanted: write(model, exporter, tmp_path / "graph.onnx", wanted).opset_import for wanted in (None, 13)}
    assert {wanted: {each.domain: each.version for each in found}[""] for wanted, found in opsets.items()} == {None: 18, 13: 13}
    with pytest.raises(ExportError, match="tf2onnx writes opsets up to 18, not 21") as caught:
        write(model, exporter, tmp_path / "graph.onnx", 21)
    assert caught.value.hint == "--opset 18, or leave it out"


def test_traced_graphs_have_opset_18_and_above(load: Load, lstm: Any, tmp_path: Path) -> None:
    model = load(lstm)
    opsets = [write(model, "traced", tmp_path / "graph.onnx", wanted).opset_import[0].version for wanted in (None, 18, 21)]
    assert opsets == [18, 18, 21]
    with pytest.raises(ExportError, match="it writes opset 18 and above, not 17"):
        write(model, "traced", tmp_path / "graph.onnx", 17)


@ALL
def test_nothing_is_left_behind(load: Load, recommender: Any, tf: Any, tmp_path: Path, exporter: str, caplog: pytest.LogCaptureFixture) -> None:
    loggers = [logging.getLogger(name) for name in ("", "tf2onnx", "tensorflow", "absl")]
    model = load(recommender)
    before = [logger.level for logger in loggers], dict(os.environ), tf.executing_eagerly()
    first = write(model, exporter, tmp_path / "first.onnx")
    assert ([logger.level for logger in loggers], dict(os.environ), tf.executing_eagerly()) == before
    assert not caplog.records
    assert [node.op_type for node in write(model, exporter, tmp_path / "second.onnx").graph.node] == [node.op_type for node in first.graph.node]
