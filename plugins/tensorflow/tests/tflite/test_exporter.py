"""The exporter's graphs against the interpreter, and what it refuses."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import converter
from converter.plugin import ExportError, ExportRequest, SourceModel

Load = Callable[..., SourceModel]
Files = Callable[[str], Path]
Error = Callable[..., float]


@pytest.mark.parametrize(
    ("name", "bound"), [("float32", 1e-6), ("float16", 1e-6), ("hybrid", 2e-6), ("int8", 1.0), ("uint8", 1.0), ("passes", 1e-6), ("branch", 0.0)]
)
def test_graphs_give_the_interpreters_answers(load: Load, tflite: Files, largest_error: Error, name: str, bound: float) -> None:
    assert largest_error(load(tflite(name)), "tflite") <= bound


def test_each_signature_is_a_graph(load: Load, tflite: Files, largest_error: Error) -> None:
    for name in ("score", "look_up"):
        assert largest_error(load(tflite("two"), signature=name), "tflite") < 1e-6


def test_floats_from_integers_are_within_their_step(load: Load, tflite: Files, largest_error: Error) -> None:
    model = load(tflite("inner"))
    assert largest_error(model, "tflite") <= model.outputs[0].step * 1.001


def test_an_integer_graph_says_how_many_values_are_a_step_off(tflite: Files, tmp_path: Path) -> None:
    report = converter.convert(tflite("int8"), tmp_path / "net.onnx")
    assert report.agrees
    assert [attempt.exporter for attempt in report.attempts] == ["tflite"]
    stepped = sum(each.stepped for each in report.attempts[0].agreements)
    assert ("one step of the quantised output off" in report.attempts[0].line) == (stepped > 0)
    assert report.spec.outputs[0].step == 1.0


def test_a_hybrid_graph_rounds_activations_and_says_so(load: Load, tflite: Files, tmp_path: Path) -> None:
    model = load(tflite("hybrid"))
    assert (
        model.exporters[0].write(ExportRequest(tmp_path / "net.onnx"))
        == "activations are rounded to 8 bits at run time, where the last bit of one may decide"
    )
    assert [each.op_type for each in onnx.load(tmp_path / "net.onnx").graph.node].count("Round") == 2 * 2  # the layers with integer weights
    feeds = model.sample(np.random.default_rng(0), {"batch": 2})
    assert 0 <= model.rounding(feeds)["output_0"] < 0.05


def test_the_rounding_of_a_float_model_is_what_its_kernels_differ_by(load: Load, tflite: Files) -> None:
    model = load(tflite("float32"))
    rounding = model.rounding(model.sample(np.random.default_rng(0), {"batch": 2}))["output_0"]
    assert 0 < rounding < 1e-6


def test_operators_without_a_form_are_named(load: Load, tflite: Files, tmp_path: Path) -> None:
    from converter_tensorflow.exporters.tflite import write_tflite

    model: Any = load(tflite("branch"))
    tree = copy.deepcopy(model.function.source.model)
    for code in tree.operatorCodes:
        code.builtinCode, code.deprecatedBuiltinCode = 124, 124  # DENSIFY
    function = dataclasses.replace(model.function, source=dataclasses.replace(model.function.source, model=tree))
    with pytest.raises(ExportError, match=r"there is no ONNX form for the TensorFlow Lite operators DENSIFY \(.+\)"):
        write_tflite(function, ExportRequest(tmp_path / "net.onnx"))
    with pytest.raises(ExportError, match="it writes opset 18 and above, not 13"):
        write_tflite(model.function, ExportRequest(tmp_path / "net.onnx", 13))
