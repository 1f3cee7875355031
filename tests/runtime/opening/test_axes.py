"""The axes that a graph's bytes declare, and what sizes do to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from converter.errors import GraphError, UnknownName, UsageError
from converter.runtime import Session
from converter.runtime.opening.axes import read_axes

CONCAT = "g (float[batch, width] x) => (float[batch, wide] y) { y = Concat<axis=1>(x, x) }"


def summed() -> bytes:
    """Inputs [past], [length] and [past + length]."""
    dims = {"x": ["past"], "z": ["length"], "w": ["past + length"]}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in dims.items()]
    nodes = [helper.make_node("Concat", ["x", "z"], ["c"], axis=0), helper.make_node("Add", ["c", "w"], ["y"])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["past + length"])
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, [output]), opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def test_dims_are_read_from_bytes_and_files_alike(graph: Callable[[str], bytes], tmp_path: Path) -> None:
    data = graph("g (float[batch, 3, ?] x, float w, float[] any, string[n] s) => (float[n] y) { y = Relu(x) }")
    (tmp_path / "g.onnx").write_bytes(data)
    axes = read_axes(data, {"n": 4})
    assert axes == read_axes(tmp_path / "g.onnx", {"n": 4})
    assert axes.declared["x"] == ("batch", 3, None)
    assert axes.declared["s"] == ("n",)
    assert axes.fixed == {"n": 4}
    assert axes.free[:2] == ["batch", "dimension 2 of input 'x'"]
    assert "s" not in " ".join(axes.free[:2]).split()


def test_an_input_without_a_shape_is_free() -> None:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, None), helper.make_tensor_value_info("s", TensorProto.FLOAT, [])]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph([helper.make_node("Add", ["x", "s"], ["y"])], "g", inputs, [output]), ir_version=10)
    axes = read_axes(model.SerializeToString(), {})
    assert axes.declared == {"x": None, "s": ()}
    assert axes.free == ["the shape of input 'x'"]


def test_weights_among_the_inputs_are_no_inputs(graph: Callable[[str], bytes]) -> None:
    model = onnx.load_from_string(graph("g (float[n, 2] x, float[2, m] w) => (float[n, m] y) <float[2, 1] w = {1, 2}> { y = MatMul(x, w) }"))
    assert [each.name for each in model.graph.initializer] == ["w"]
    assert read_axes(model.SerializeToString(), {}).free == ["n"]


def test_negative_lengths_of_old_exporters_are_free() -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [-1, 3])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "g", [value], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    assert read_axes(helper.make_model(graph).SerializeToString(), {}).free == ["dimension 0 of input 'x'"]


@pytest.mark.parametrize("broken", [b"", b"no graph at all", b"\x3a\xff\xff\xff"])
def test_other_formats_declare_nothing(broken: bytes, tmp_path: Path) -> None:
    (tmp_path / "g.onnx").write_bytes(broken)
    assert read_axes(broken, {}).declared == read_axes(tmp_path / "g.onnx", {}).declared == {}
    with pytest.raises(GraphError):
        Session(tmp_path / "g.onnx", device="cpu", sizes={"n": 1})


def test_a_sum_is_fixed_by_its_summands() -> None:
    assert read_axes(summed(), {"past": 3, "length": 4}).fixed == {"past": 3, "length": 4, "past + length": 7}
    assert read_axes(summed(), {"past": 3}).free == ["length", "past + length"]
    session = Session(summed(), device="cpu", sizes={"past": 3, "length": 4})
    assert [port.dims for port in (*session.inputs, *session.outputs)] == [(3,), (4,), (7,), (7,)]


def test_unknown_axes_are_named_with_the_known_ones(graph: Callable[[str], bytes]) -> None:
    with pytest.raises(UnknownName) as caught:
        Session(graph(CONCAT), device="cpu", sizes={"batch": 2, "hight": 3})
    assert (caught.value.message, caught.value.hint) == ("there is no axis 'hight'", "known: batch, width")
    with pytest.raises(UnknownName) as caught:
        Session(graph(CONCAT), device="cpu", sizes={"wide": 8})  # an output's axis follows from the inputs'
    assert caught.value.message == "there is no axis 'wide'"
    with pytest.raises(UnknownName) as caught:
        Session(summed(), device="cpu", sizes={"post": 3})
    assert caught.value.hint == "known: past, length"


@pytest.mark.parametrize("size", [0, -1, 2.0, "2", True, None])
def test_sizes_are_positive_whole_numbers(graph: Callable[[str], bytes], size: object) -> None:
    with pytest.raises(UsageError) as caught:
        Session(graph(CONCAT), device="cpu", sizes={"batch": size})
    assert caught.value.message == f"the size of axis 'batch' is {size!r}"
    assert caught.value.hint == "give a positive whole number; leave an axis out of sizes if it shall stay free"
