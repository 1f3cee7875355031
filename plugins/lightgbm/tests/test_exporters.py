"""onnxmltools's graph, for a model whose thresholds are exact in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from lightgbm import LGBMRegressor
from onnxmltools.convert.common.data_types import FloatTensorType
from onnxmltools.convert.lightgbm import convert

from converter.plugin import ExportError, ExportRequest, LoadRequest, Source
from converter_lightgbm.model import LightGBMModel, load


def loaded(model: Any) -> LightGBMModel:
    return load(LoadRequest(Source.of(model)))


def exported(model: LightGBMModel, folder: Path, opset: int | None = None) -> onnx.ModelProto:
    exporter = model.exporters[1]
    exporter.write(ExportRequest(folder / "graph.onnx", opset))
    return onnx.load(folder / "graph.onnx")


def answers(graph: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # the library declares the label's shape wrongly
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, feeds))


@pytest.mark.parametrize("name", ["classifier", "wine", "mixed", "regressor"])
def test_it_agrees_on_and_beside_every_threshold(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model = loaded(request.getfixturevalue(name))
    feeds = model.sample(np.random.default_rng(0), {"batch": 2000})
    categories = [place for place, column in enumerate(model.columns) if column.categories]
    feeds["features"][:, categories] = np.floor(feeds["features"][:, categories])  # the library takes 1.5 for no category, LightGBM for 1
    *labels, got = answers(exported(model, tmp_path), feeds)
    want = model.run(feeds)
    assert got.shape == want[model.outputs[-1].name].shape
    np.testing.assert_allclose(got, want[model.outputs[-1].name], rtol=1e-5, atol=1e-5)
    if labels:
        assert labels[0].tolist() == want["label"].tolist()


def test_the_library_alone_is_wrong_on_thresholds(wine: Any) -> None:
    model = loaded(wine)
    feeds = model.sample(np.random.default_rng(0), {"batch": 500})
    alone = convert(wine, "model", [("features", FloatTensorType([None, 13]))], zipmap=False)
    assert np.abs(answers(alone, feeds)[1] - model.run(feeds)["probabilities"]).max() > 0.01


def test_no_zipmap_is_left(classifier: Any, tmp_path: Path) -> None:
    graph = exported(loaded(classifier), tmp_path).graph
    assert [each.name for each in graph.output] == ["label", "probabilities"]
    assert all(each.type.HasField("tensor_type") for each in graph.output)


def test_the_opset_is_honoured(classifier: Any, tmp_path: Path) -> None:
    opsets = {each.domain: each.version for each in exported(loaded(classifier), tmp_path, 15).opset_import}
    assert opsets[""] <= 15


def test_an_export_leaves_the_model_as_it_is(classifier: Any, tmp_path: Path) -> None:
    before = classifier.booster_.model_to_string()
    exported(loaded(classifier), tmp_path)
    assert classifier.booster_.model_to_string() == before


def test_an_objective_that_the_library_does_not_know_is_named(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    model = loaded(LGBMRegressor(objective="fair", n_estimators=2, verbose=-1, n_jobs=1).fit(cancer[0], cancer[1] == "benign"))
    with pytest.raises(ExportError, match="exporter onnxmltools: the library does not know the objective fair") as caught:
        exported(model, tmp_path)
    assert caught.value.hint == "a model trained with another objective converts"
