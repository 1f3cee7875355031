"""Both graphs, the plugin's own and the library's: the model's dtypes at the inputs, its ranks at the outputs."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.cluster import AffinityPropagation
from sklearn.ensemble import IsolationForest, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from converter.plugin import ExportError, ExportRequest, LoadRequest, Source
from converter_sklearn.model import SklearnModel, load

EXPORTERS = pytest.mark.parametrize("exporter", ["direct", "skl2onnx"])


def loaded(estimator: Any, table: Any = None) -> SklearnModel:
    columns = None if table is None else {name: table[name].to_numpy(object if table[name].dtype.kind not in "iufb" else None) for name in table}
    return load(LoadRequest(Source.of(estimator), columns=columns))


def exported(model: SklearnModel, folder: Path, exporter: str, opset: int | None = None) -> onnx.ModelProto:
    next(each for each in model.exporters if each.name == exporter).write(ExportRequest(folder / "graph.onnx", opset))
    return onnx.load(folder / "graph.onnx")


def answers(graph: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))


@EXPORTERS
def test_the_usual_pipeline_agrees(exporter: str, pipeline: Any, people: Any, tmp_path: Path) -> None:
    model = loaded(pipeline, people)
    feeds = model.sample(np.random.default_rng(0), {"batch": 200})
    got, want = answers(exported(model, tmp_path, exporter), feeds), model.run(feeds)
    np.testing.assert_allclose(got["probabilities"], want["probabilities"], atol=1e-5)
    assert got["label"].tolist() == want["label"].tolist()


@EXPORTERS
def test_whole_numbers_keep_their_dtype_at_the_input(exporter: str, pipeline: Any, people: Any, tmp_path: Path) -> None:
    graph = exported(loaded(pipeline, people), tmp_path, exporter).graph
    dtypes = {each.name: onnx.helper.tensor_dtype_to_np_dtype(each.type.tensor_type.elem_type).name for each in graph.input}
    assert dtypes == {"age": "int64", "fare": "float32", "sex": "object", "port": "object", "class": "int64"}


@EXPORTERS
def test_truth_values_keep_their_dtype_at_the_input(exporter: str, people: Any, tmp_path: Path) -> None:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    columns = ColumnTransformer([("words", OneHotEncoder(), ["sex"]), ("numbers", StandardScaler(), ["age"])], remainder="passthrough")
    table = people[["sex", "age", "member"]]
    model = loaded(make_pipeline(columns, LogisticRegression()).fit(table, people["survived"]), table)
    feeds = model.sample(np.random.default_rng(0), {"batch": 60})
    assert feeds["member"].dtype == bool
    np.testing.assert_allclose(answers(exported(model, tmp_path, exporter), feeds)["probabilities"], model.run(feeds)["probabilities"], atol=1e-5)


@EXPORTERS
@pytest.mark.parametrize("estimator", [RandomForestRegressor(4, random_state=0), IsolationForest(n_estimators=5, random_state=0)])
def test_outputs_have_the_rank_of_the_models_answer(exporter: str, cancer: tuple[Any, Any], estimator: Any, tmp_path: Path) -> None:
    model = loaded(estimator.fit(*cancer))
    feeds = model.sample(np.random.default_rng(0), {"batch": 33})
    got, want = answers(exported(model, tmp_path, exporter), feeds), model.run(feeds)
    assert [each.shape for each in got.values()] == [each.shape for each in want.values()] == [(33,)] * len(want)
    for mine, own in (
        zip(got.values(), want.values(), strict=True) if exporter == "direct" else ()
    ):  # the library takes a wrong side at some thresholds
        np.testing.assert_allclose(mine, own, atol=1e-5)


@EXPORTERS
def test_no_zipmap_is_left(exporter: str, forest: Any, tmp_path: Path) -> None:
    graph = exported(loaded(forest), tmp_path, exporter).graph
    assert [each.name for each in graph.output] == ["label", "probabilities"]
    assert all(each.type.HasField("tensor_type") for each in graph.output)


@EXPORTERS
def test_a_classifier_without_probabilities_is_exported(exporter: str, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    rows = cancer[0].to_numpy()[:, :3]
    model = loaded(LinearSVC().fit(rows, cancer[1]))
    assert "label" in [each.name for each in exported(model, tmp_path, exporter).graph.output]


@EXPORTERS
def test_the_opset_is_honoured(exporter: str, forest: Any, tmp_path: Path) -> None:
    opsets = {each.domain: each.version for each in exported(loaded(forest), tmp_path, exporter, 17).opset_import}
    assert opsets.get("", 17) <= 17
    assert opsets["ai.onnx.ml"] <= 3


@EXPORTERS
def test_an_export_leaves_the_estimator_as_it_is(exporter: str, pipeline: Any, tmp_path: Path) -> None:
    before = pickle.dumps(pipeline)
    exported(loaded(pipeline), tmp_path, exporter)
    assert pickle.dumps(pipeline) == before


def test_an_estimator_without_a_converter_is_named(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    model = loaded(AffinityPropagation(random_state=0).fit(cancer[0].to_numpy()[:40, :3]))
    with pytest.raises(ExportError, match="exporter skl2onnx: the library has no converter for AffinityPropagation") as caught:
        exported(model, tmp_path, "skl2onnx")
    assert caught.value.hint == "replace that step by one that it knows"


class Clipped(StandardScaler):
    """Answers otherwise than its base."""

    def transform(self, X: Any, copy: bool | None = None) -> Any:  # noqa: FBT001, N803
        return np.clip(super().transform(X, copy), -1, 1)


class Renamed(StandardScaler):
    """Answers like its base."""


def test_an_heir_is_written_as_its_base_unless_it_answers_otherwise(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3))
    model = loaded(make_pipeline(Renamed(), LogisticRegression()).fit(rows, rows[:, 0] > 0))
    feeds = model.sample(np.random.default_rng(0), {"batch": 60})
    np.testing.assert_allclose(answers(exported(model, tmp_path, "direct"), feeds)["probabilities"], model.run(feeds)["probabilities"], atol=1e-6)
    for estimator in (Clipped(), Renamed().set_output()):
        estimator.fit(rows)
        if isinstance(estimator, Renamed):
            estimator.transform = lambda table: table  # as some wrap a method of one estimator
        name = type(estimator).__name__
        with pytest.raises(ExportError, match=f"{name} cannot be written: it answers transform otherwise than the StandardScaler that it extends"):
            exported(loaded(make_pipeline(estimator, LogisticRegression()).fit(rows, rows[:, 0] > 0)), tmp_path, "direct")
