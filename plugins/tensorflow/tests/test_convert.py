"""The whole way through the host: files in a worker process, live models in this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

import converter
from converter.plugin import SourceModel, UnreadableSource, UntrustedSource

Load = Callable[..., SourceModel]


def dims_of(path: Path) -> dict[str, list[Any]]:
    graph = onnx.load(path).graph
    return {each.name: [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in (*graph.input, *graph.output)}


def test_a_keras_file_needs_no_flag(recommender: Any, tmp_path: Path) -> None:
    recommender.save(tmp_path / "model.keras")
    report = converter.convert(tmp_path / "model.keras")
    assert report.agrees
    assert [attempt.exporter for attempt in report.attempts] == ["traced"]
    assert dims_of(tmp_path / "model.onnx") == {"numbers": ["batch", 8], "words": ["batch", "length"], "scores": ["batch", 3], "value": ["batch", 1]}


def test_a_saved_model_needs_no_flag(lstm: Any, tmp_path: Path) -> None:
    lstm.export(tmp_path / "model", verbose=False)
    report = converter.convert(tmp_path / "model")
    assert report.agrees
    assert dims_of(tmp_path / "model.onnx") == {"steps": ["batch", "length", 5], "ends": ["batch", 6]}


@pytest.mark.parametrize("exporter", ["traced", "tf2onnx", "keras"])
def test_a_live_model_is_converted_here(lstm: Any, tmp_path: Path, exporter: str) -> None:
    report = converter.convert(lstm, tmp_path / "model.onnx", exporter=exporter)
    assert report.agrees
    assert dims_of(tmp_path / "model.onnx") == {"steps": ["batch", "length", 5], "ends": ["batch", 6]}


def test_a_live_convnet(convnet: Any, tmp_path: Path) -> None:
    assert converter.convert(convnet, tmp_path / "model.onnx").agrees
    assert dims_of(tmp_path / "model.onnx") == {"image": ["batch", "height", "width", 3], "scores": ["batch", 2]}


def test_a_live_module(two_functions: Any, tmp_path: Path) -> None:
    report = converter.convert(two_functions, tmp_path / "model.onnx", inputs=["state.rows:int64[rows]"])
    assert report.agrees
    assert dims_of(tmp_path / "model.onnx")["rows.1"] == ["rows"]


def test_a_baked_in_length_is_rejected(keras: Any, tmp_path: Path) -> None:
    steps = keras.Input((None, 5), name="steps")
    model = keras.Model(steps, keras.layers.TimeDistributed(keras.layers.Dense(3), name="each")(steps))
    for exporter in ("tf2onnx", "keras"):
        report = converter.convert(model, tmp_path / "model.onnx", exporter=exporter)
        assert not report.agrees
        assert "the graph gives [5, 5, 3], the model [5, 7, 3]" in report.attempts[0].line
        assert not (tmp_path / "model.onnx").exists()
    assert converter.convert(model, tmp_path / "model.onnx").agrees


def test_a_lambda_is_refused_across_the_border(keras: Any, tmp_path: Path) -> None:
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)]).save(tmp_path / "model.keras")
    with pytest.raises(UntrustedSource, match="carries Python code in a Lambda layer") as caught:
        converter.convert(tmp_path / "model.keras")
    assert caught.value.hint.startswith("--trust")


def test_a_truncated_file_is_unreadable(recommender: Any, tmp_path: Path) -> None:
    recommender.save(tmp_path / "model.keras")
    (tmp_path / "model.keras").write_bytes((tmp_path / "model.keras").read_bytes()[:2000])
    with pytest.raises(UnreadableSource, match="cut off or damaged") as caught:
        converter.convert(tmp_path / "model.keras")
    assert caught.value.hint == "copy or download it again"
