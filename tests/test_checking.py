"""A graph that exists already: against a model, against recorded cases, or alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import converter
from converter.errors import ConverterError, GraphError, SourceNotFound, UnreadableSource
from converter.validation import Report

Text = Callable[[Path, str], Path]
WEIGHT, BIAS = [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]], [0.1, -0.1]


@pytest.fixture
def model(toy: Any) -> Any:
    """A live toy."""
    return toy.ToyModel(WEIGHT, BIAS, "right")


@pytest.fixture
def graph(model: Any, tmp_path: Path) -> Path:
    """Its graph, with its cases beside it."""
    report = converter.convert(model, tmp_path / "model.onnx", cases=tmp_path / "cases")
    assert report.published is not None
    return report.published


def refusal(error: type[ConverterError], *arguments: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(error) as caught:
        converter.validate(*arguments, **options)
    return caught.value.message, caught.value.hint


def test_against_its_model(graph: Path, model: Any) -> None:
    report = converter.validate(graph, against=model)
    assert (report.agrees, report.framework, report.published) == (True, "toy", None)
    assert {case.sizes["batch"] for case in report.cases} == {1, 2, 5, 17}


def test_against_another_model(graph: Path, toy: Any, as_json: Callable[[Any], Any]) -> None:
    report = converter.validate(graph, against=toy.ToyModel(WEIGHT, [0.1, 0.1]))
    assert not report.agrees
    assert report.attempts[0].diagnosis.startswith("output y differs in ")
    assert as_json(report.to_json())["agrees"] is False


def test_against_a_file_in_a_worker(graph: Path, toy_file: Callable[..., Path]) -> None:
    assert converter.validate(graph, against=toy_file()).agrees
    assert not converter.validate(graph, against=toy_file(), options={"scale": 2}).agrees


def test_against_cases_of_ours(graph: Path, tmp_path: Path) -> None:
    report = converter.validate(graph, cases=tmp_path / "cases")
    assert (report.agrees, report.framework) == (True, "cases")
    assert report.cases[0].sizes == {"batch": 5, "width": 7}


def other_names(graph: Path, target: Path) -> Path:
    proto = onnx.load(graph)
    for side, names in ((proto.graph.input, {"x": "pixels"}), (proto.graph.output, {"y": "a", "z": "b"})):
        for value in side:
            value.name = names[value.name]
    names = {"x": "pixels", "y": "a", "z": "b"}
    for node in proto.graph.node:
        node.input[:], node.output[:] = ([names.get(name, name) for name in each] for each in (node.input, node.output))
    onnx.save(proto, target)
    return target


def test_a_graph_of_other_names_is_matched_by_position(graph: Path, model: Any, tmp_path: Path) -> None:
    renamed = other_names(graph, tmp_path / "renamed.onnx")
    assert converter.validate(renamed, against=model).agrees
    assert converter.validate(renamed, cases=tmp_path / "cases").agrees


def test_a_graph_of_another_model(model: Any, graph: Path, graph_file: Text, tmp_path: Path) -> None:
    other = graph_file(tmp_path / "other.onnx", "g (float[N] a, float[N] b) => (float[N] y) { y = Add(a, b) }")
    message = "the graph has inputs ['a', 'b'], the model has ['x']"
    for against in ({"against": model}, {"cases": tmp_path / "cases"}):
        assert refusal(GraphError, other, **against) == (message, "is this the graph of another model?")
    assert graph.is_file()


def write_set(place: Path, inputs: list[np.ndarray], outputs: list[np.ndarray], names: tuple[str, ...] = ()) -> None:
    place.mkdir(parents=True)
    given = dict(enumerate(names))
    for side, arrays in (("input", inputs), ("output", outputs)):
        for number, array in enumerate(arrays):
            tensor = numpy_helper.from_array(array, given.get(number, "") if side == "input" else "")
            (place / f"{side}_{number}.pb").write_bytes(tensor.SerializeToString())


@pytest.fixture
def adder(graph_file: Text, tmp_path: Path) -> Path:
    return graph_file(tmp_path / "adder.onnx", "g (float[N] a, float[N] b) => (float[N] y, float[N] z) { y = Add(a, b) z = Sub(a, b) }")


def test_against_sets_of_others(adder: Path, tmp_path: Path) -> None:
    for number, rows in enumerate((3, 1)):
        a, b = (np.arange(rows, dtype=np.float32) + shift for shift in (1, 2))
        write_set(tmp_path / "sets" / f"test_data_set_{number}", [a, b], [a + b, a - b])
    report = converter.validate(adder, cases=tmp_path / "sets")
    assert report.agrees
    assert [case.title for case in report.cases] == ["test_data_set_0", "test_data_set_1"]


def test_sets_of_another_graph(adder: Path, tmp_path: Path) -> None:
    one = np.ones(2, np.float32)
    write_set(tmp_path / "names" / "test_data_set_0", [one, one], [one, one], ("pixels", "b"))
    report = converter.validate(adder, cases=tmp_path / "names")
    assert (report.agrees, report.attempts[0].agreements[0].fault) == (False, "run")
    write_set(tmp_path / "fewer" / "test_data_set_0", [one, one], [one + one])
    message, hint = refusal(UnreadableSource, adder, cases=tmp_path / "fewer")
    assert message == "test_data_set_0 records outputs ['y'], the graph has ['y', 'z']"
    assert hint == "are these the cases of another graph?"


def test_what_is_not_there(graph: Path, tmp_path: Path) -> None:
    assert refusal(SourceNotFound, tmp_path / "none.onnx") == (f"{tmp_path / 'none.onnx'} does not exist", "check the path")
    assert refusal(SourceNotFound, graph, cases=tmp_path / "nothing")[0] == f"{tmp_path / 'nothing'} holds no test_data_set_N folders"
    (tmp_path / "text.onnx").write_text("no graph")
    assert refusal(GraphError, tmp_path / "text.onnx")[0].startswith("the graph is not valid ONNX: ")


def alone(graph_file: Text, folder: Path, text: str, **options: Any) -> Report:
    return converter.validate(graph_file(folder / "g.onnx", text), **options)


def test_alone(graph: Path) -> None:
    report = converter.validate(graph)
    assert (report.agrees, report.framework) == (True, "onnx")
    assert {case.sizes["width"] for case in report.cases} == {1, 2, 7, 23}


def test_alone_with_inputs_of_every_kind(graph_file: Text, tmp_path: Path) -> None:
    text = """g (string[N] s, int64[N, K] k, bool go, float16[2, past] h, float[N, M] u) => (string[N] t, int64[N, P] l, bool ok, float16[2, past] g, float[N, M] v)
        { t = Identity(s) l = Neg(k) ok = Not(go) g = Abs(h) v = Exp(u) }"""
    proto = onnx.load(graph_file(tmp_path / "g.onnx", text))
    proto.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "past + 1"
    onnx.save(proto, tmp_path / "g.onnx")
    report = converter.validate(tmp_path / "g.onnx")
    assert report.agrees
    assert [str(each.dims) for each in report.spec.inputs] == ["('N',)", "('N', 'past + 1')", "()", "(2, 'past')", "('N', 'M')"]
    assert set(report.cases[0].sizes) == {"N", "past", "M"}


def test_alone_without_inputs_and_with_unreadable_dims(graph_file: Text, tmp_path: Path) -> None:
    assert alone(graph_file, tmp_path, "g () => (float[2] y) { y = Constant<value = float[2] {1.0, 2.0}> () }").agrees
    proto = onnx.load(graph_file(tmp_path / "g.onnx", "g (float[N, M] x) => (float[N, M] y) { y = Neg(x) }"))
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "2*N"
    proto.graph.input[0].type.tensor_type.shape.dim[1].ClearField("dim_param")
    onnx.save(proto, tmp_path / "odd.onnx")
    report = converter.validate(tmp_path / "odd.onnx")
    assert report.agrees
    assert report.spec.inputs[0].dims == ("x_dim_0", "x_dim_1")


def test_alone_on_the_users_inputs_and_samples(graph_file: Text, tmp_path: Path) -> None:
    gather = "g (int64[N] ids) => (float[N, 2] rows) <float[3, 2] table = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}> { rows = Gather<axis=0>(table, ids) }"
    assert alone(graph_file, tmp_path, gather, inputs=["ids:int64[N=2..6]{0..2}"]).agrees
    np.save(tmp_path / "ids.npy", np.array([2, 0, 1]))
    report = alone(graph_file, tmp_path, gather, inputs=["ids:int64[N=2..6]{0..2}"], data=tmp_path / "ids.npy")
    assert (report.cases[0].origin, report.cases[0].sizes) == ("ids.npy", {"N": 3})
    with pytest.raises(GraphError) as caught:
        alone(graph_file, tmp_path, gather)
    assert "indices element out of data bounds" in caught.value.message
    assert caught.value.hint


def test_alone_with_an_input_that_is_no_tensor(graph_file: Text, tmp_path: Path) -> None:
    text = "g (seq(float[N]) s, int64 i) => (float[N] y) { y = SequenceAt(s, i) }"
    with pytest.raises(GraphError) as caught:
        alone(graph_file, tmp_path, text)
    assert caught.value.message == "'s' is a seq(tensor(float)), and cases hold dense tensors only"
    assert caught.value.hint == "validate a graph with tensors at its border"
