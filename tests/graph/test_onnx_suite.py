"""Graphs of ONNX's own backend tests still pass their recorded data after the finish stage."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from onnx.backend.test import loader

from converter import dtypes
from converter.cases import Case
from converter.errors import GraphError
from converter.graph import finish
from converter.specs import Input, ModelSpec, Output

DATA = Path(loader.DATA_DIR)
CONVERTED = sorted(
    path for kind in ("pytorch-converted", "pytorch-operator", "simple") for path in (DATA / kind).iterdir() if (path / "model.onnx").is_file()
)
REFUSED = {"test_gradient_of_add", "test_gradient_of_add_and_mul"}  # operators of ONNX's training domain
LIGHT = ["light_squeezenet", "light_shufflenet", "light_resnet50"]

Arrays = Sequence[np.ndarray]
RecordCase = Callable[..., Case]


def is_plain(model: onnx.ModelProto) -> bool:
    """Whether every input and output is a tensor of a dtype that models have."""
    for value in (*model.graph.input, *model.graph.output):
        if not value.type.HasField("tensor_type"):
            return False
        name = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
        try:
            dtypes.canonical(name)
        except ValueError:
            return False
    return True


def spec_of(model: onnx.ModelProto, inputs: Arrays) -> ModelSpec:
    weights = {each.name for each in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in weights]
    taken = tuple(Input(name, dtypes.name_of(array.dtype), array.shape) for name, array in zip(names, inputs, strict=True))
    return ModelSpec(taken, tuple(Output(value.name) for value in model.graph.output), {})


def answers(path: Path, spec: ModelSpec, inputs: Arrays) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run([each.name for each in spec.outputs], {each.name: array for each, array in zip(spec.inputs, inputs, strict=True)})


def agree(got: Arrays, want: Arrays, rtol: float, atol: float) -> bool:
    def same(one: Any, two: Any) -> bool:
        first, second = np.asarray(one), np.asarray(two)
        if first.shape != second.shape or first.dtype.kind != second.dtype.kind:
            return False
        return bool(np.allclose(first, second, rtol, atol, equal_nan=True)) if first.dtype.kind in "fc" else bool(np.array_equal(first, second))

    return all(same(one, two) for one, two in zip(got, want, strict=True))


def finished(folder: Path, model: onnx.ModelProto, inputs: Arrays, outputs: Arrays, record_case: RecordCase) -> tuple[Path, ModelSpec]:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "raw.onnx")
    spec = spec_of(model, inputs)
    names = [each.name for each in spec.outputs]
    case = record_case(
        folder / "case 0", {each.name: array for each, array in zip(spec.inputs, inputs, strict=True)}, dict(zip(names, outputs, strict=True)), {}
    )
    return finish(folder / "raw.onnx", spec, [case], {}, ("ai.onnx.preview.training",)).path, spec


def recorded(folder: Path, side: str) -> list[np.ndarray]:
    files = sorted(folder.glob(f"{side}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes())) for path in files]


@pytest.mark.parametrize("place", CONVERTED, ids=lambda place: place.name)
def test_converted_graphs_still_pass(tmp_path: Path, record_case: RecordCase, place: Path) -> None:
    model = onnx.load(place / "model.onnx")
    if not is_plain(model):
        pytest.skip("sequences cross no border")
    inputs, outputs = recorded(place / "test_data_set_0", "input"), recorded(place / "test_data_set_0", "output")
    if place.name in REFUSED:
        with pytest.raises(GraphError, match="operators outside ONNX"):
            finish(place / "model.onnx", spec_of(model, inputs), [], {})
        return
    try:
        answers(place / "model.onnx", spec_of(model, inputs), inputs)
    except Exception:  # noqa: BLE001 - whatever ONNX Runtime raises for what it lacks
        pytest.skip("ONNX Runtime lacks an operator of the raw graph")
    path, spec = finished(tmp_path, model, inputs, outputs, record_case)
    assert agree(answers(path, spec, inputs), outputs, 1e-3, 1e-5)


@pytest.mark.parametrize("name", LIGHT)
def test_networks_of_the_model_zoo_answer_as_before(tmp_path: Path, record_case: RecordCase, name: str) -> None:
    model = onnx.load(DATA / "light" / f"{name}.onnx")
    weights = {each.name for each in model.graph.initializer}
    (data,) = [value for value in model.graph.input if value.name not in weights]
    shape = [dim.dim_value for dim in data.type.tensor_type.shape.dim]
    inputs = [np.random.default_rng(0).standard_normal(shape, np.float32)]
    spec = spec_of(model, inputs)
    before = answers(DATA / "light" / f"{name}.onnx", spec, inputs)
    path, _ = finished(tmp_path, model, inputs, before, record_case)
    assert agree(answers(path, spec, inputs), before, 1e-4, 1e-5)


def telling_node_cases() -> Iterator[Any]:
    """Every case with a subgraph, and some of those made of several nodes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = [case for case in loader.load_model_tests(kind="node") if is_plain(case.model)]
    several = 0
    for case in every:
        nodes = case.model.graph.node
        several += len(nodes) > 1
        if any(attribute.type == onnx.AttributeProto.GRAPH for node in nodes for attribute in node.attribute) or (
            len(nodes) > 1 and several % 12 == 0
        ):
            yield case


def test_node_cases_still_pass(tmp_path: Path, record_case: RecordCase) -> None:
    tried, wrong = 0, []
    for case in telling_node_cases():
        inputs, outputs = case.data_sets[0]
        onnx.save(case.model, tmp_path / "before.onnx")
        try:
            before = answers(tmp_path / "before.onnx", spec_of(case.model, inputs), inputs)
        except Exception:  # noqa: BLE001 - ONNX Runtime lacks it, whatever it says
            continue
        path, spec = finished(tmp_path / case.name, case.model, inputs, outputs, record_case)
        tried += 1
        if not agree(answers(path, spec, inputs), before, 0, 0):
            wrong.append(case.name)
    assert not wrong
    assert tried >= 30
