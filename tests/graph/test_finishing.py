"""Whatever an exporter wrote becomes a graph that keeps the model's promises, answers as before, or a GraphError says why not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from converter.cases import Case
from converter.errors import GraphError
from converter.graph import documents, finish
from converter.specs import Axis, Input, ModelSpec, Output
from converter.validation import validate
from converter.version import __version__

Finish = Callable[..., Any]
X = Input("x", "float32", ("batch", 3))
FEEDS = [{"x": np.arange(3 * rows, dtype=np.float32).reshape(rows, 3) - 4} for rows in (5, 1, 2)]


def refusal(finished: Finish, *arguments: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(GraphError) as caught:
        finished(*arguments, **options)
    return caught.value.message, caught.value.hint


def test_undeclared_outputs_and_what_only_they_need_are_pruned(finished: Finish) -> None:
    text = """g (float[N,3] x) => (int64[N] label, float[N,3] y, float[N] top) <float[1] w = {2.0}, int64[1] k = {1}>
        { a = Mul(x, w) label = ArgMax<axis=1, keepdims=0>(a) y = Neg(a) top = ReduceMax<keepdims=0>(a, k) }"""
    done = finished(text, [X], ["y"], *FEEDS)
    assert done.operators == ["Mul", "Neg"]
    assert [value.name for value in done.proto.graph.output] == ["y"]
    assert len(done.proto.graph.initializer) == 1
    assert (done.graph.nodes, done.graph.opset, done.graph.data) == (2, 20, None)


def test_outputs_come_in_the_declared_order(finished: Finish) -> None:
    done = finished("g (float[N,3] x) => (float[N,3] a, float[N,3] b) { a = Neg(x) b = Abs(x) }", [X], ["b", "a"], *FEEDS)
    assert [value.name for value in done.proto.graph.output] == ["b", "a"]
    assert done.graph.outputs == {"b": ("float32", ("batch", 3)), "a": ("float32", ("batch", 3))}


def test_outputs_of_other_names_are_taken_by_position(finished: Finish) -> None:
    text = "g (float[N,3] x) => (float[N,3] z_0, float[N,3] y) { logits = Neg(x) y = Abs(logits) z_0 = Exp(logits) }"
    done = finished(text, [X], ["y", "logits"], *FEEDS, raw_names={"y": "z_0", "logits": "y"})
    assert done.operators == ["Neg", "Exp", "Abs"]


def test_inputs_of_other_names_are_taken_by_position(finished: Finish) -> None:
    text = "g (float[N,3] in_0, float[N,3] x) => (float[N,3] y) { y = Sub(in_0, x) }"
    feeds = [{"x": each["x"], "in_0": each["x"] ** 2} for each in FEEDS]
    done = finished(
        text,
        [X, Input("other", "float32", ("batch", 3))],
        ["y"],
        *({"x": each["x"], "other": each["in_0"]} for each in feeds),
        raw_names={"x": "in_0", "other": "x"},
    )
    assert done.signature == {"x": ["batch", 3], "other": ["batch", 3], "y": ["batch", 3]}


def test_inputs_come_in_the_declared_order(finished: Finish) -> None:
    inputs = [Input("b", "float32", ("batch", 3)), Input("a", "float32", ("batch", 3))]
    done = finished(
        "g (float[N,3] a, float[N,3] b) => (float[N,3] y) { y = Sub(a, b) }", inputs, ["y"], *({"a": f["x"], "b": f["x"] * 3} for f in FEEDS)
    )
    assert [value.name for value in done.proto.graph.input] == ["b", "a"]


def test_an_input_that_the_graph_ignores_is_declared(finished: Finish) -> None:
    inputs = [X, Input("mask", "bool", ("batch", "length"))]
    feeds = [{**each, "mask": np.ones((len(each["x"]), 7 * len(each["x"])), bool)} for each in FEEDS]
    done = finished("g (float[N,3] x) => (float[N,3] y) { y = Neg(x) }", inputs, ["y"], *feeds)
    assert done.signature == {"x": ["batch", 3], "mask": ["batch", "length"], "y": ["batch", 3]}


def test_an_output_that_is_an_input(finished: Finish) -> None:
    done = finished("g (float[N,3] x) => (float[N,3] x, float[N,3] y) { y = Neg(x) }", [X], ["copy", "y"], *FEEDS, raw_names={"copy": "x"})
    assert sorted(done.operators) == ["Identity", "Neg"]


def test_an_output_that_is_a_weight(finished: Finish) -> None:
    text = "g (float[N,3] x) => (float[2] w, float[N,3] y) <float[2] w = {1.5, 2.5}> { y = Neg(x) }"
    done = finished(text, [X], ["w", "y"], *FEEDS)
    assert done.graph.outputs["w"] == ("float32", (2,))
    done = finished(text, [X], ["classes", "y"], *FEEDS, raw_names={"classes": "w"})
    assert done.graph.outputs["classes"] == ("float32", (2,))


def test_one_value_for_two_outputs(finished: Finish) -> None:
    text = "g (float[N,3] x) => (float[N,3] y, float[N,3] z) { y = Neg(x) z = Identity(y) }"
    done = finished(text, [X], ["y", "z"], *FEEDS)
    assert [value.name for value in done.proto.graph.output] == ["y", "z"]


BRANCHES = """g (float[N,3] x, bool go) => (float[N,3] y) <float[1] w = {2.0}> {
  scaled = Mul(x, w)
  y = If (go) <
    then_branch = then () => (float[N,3] a) { b = Add(scaled, x) a = Neg(b) },
    else_branch = else () => (float[N,3] a) <float[1] c = {7.0}> { b = Sub(scaled, c) a = Abs(b) }
  > }"""
LOOP = """g (float[N,3] x, int64 rounds) => (float[N,3] y, float[R,N,3] all) <float[3] w = {1.0, 2.0, 3.0}> {
  start = Mul(x, w)
  go = Constant <value = bool {1}> ()
  y, all = Loop (rounds, go, start) <
    body = round (int64 x_i, bool g_in, float[N,3] y_in) => (bool g_out, float[N,3] y_out, float[N,3] s_out) {
      g_out = Identity(g_in) t = Add(y_in, start) y_out = Sub(t, x) s_out = Mul(y_out, w) }
  > }"""
NESTED = """g (float[N,3] x, bool go, int64 rounds) => (float[N,3] y) {
  base = Neg(x)
  y = If (go) <
    then_branch = then () => (float[N,3] out) {
      yes = Constant <value = bool {1}> ()
      out = Loop (rounds, yes, base) < body = round (int64 i, bool g, float[N,3] v) => (bool h, float[N,3] u) { h = Identity(g) u = Add(v, x) } >
    },
    else_branch = else () => (float[N,3] out) { out = Identity(base) }
  > }"""
CONSTANT_BRANCH = """g (bool go) => (float[K] y) {
  y = If (go) <
    then_branch = then () => (float[2] a) { a = Constant <value = float[2] {1.0, 2.0}> () },
    else_branch = else () => (float[3] Identity_0) <float[3] Identity_0 = {3.0, 4.0, 5.0}> { }
  > }"""
SCAN = """g (float[N,3] x) => (float[3] last, float[N,3] sums) <float[3] zero = {0.0, 0.0, 0.0}> {
  last, sums = Scan <num_scan_inputs = 1, body = step (float[3] s, float[3] e) => (float[3] t, float[3] o) { t = Add(s, e) o = Identity(t) }> (zero, x) }"""
GO, ROUNDS = Input("go", "bool", ()), Input("rounds", "int64", ())


def with_flags(feeds: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**feeds, **{name: np.asarray(value) for name, value in more.items()}}


@pytest.mark.parametrize("name", ["y", "scaled", "a", "b", "c"])
def test_branches_that_capture_outer_values(finished: Finish, name: str) -> None:
    finished(BRANCHES, [X, GO], [name], *(with_flags(each, go=go) for each in FEEDS for go in (True, False)), raw_names={name: "y"})


@pytest.mark.parametrize(("y", "all_"), [("y", "all"), ("start", "y_in"), ("t", "w"), ("x_i", "g_out")])
def test_loops_whatever_their_values_are_called(finished: Finish, y: str, all_: str) -> None:
    done = finished(
        LOOP, [X, ROUNDS], [y, all_], *(with_flags(each, rounds=n) for each, n in zip(FEEDS, (2, 3, 4), strict=True)), raw_names={y: "y", all_: "all"}
    )
    assert done.graph.outputs[y] == ("float32", ("batch", 3))
    assert done.graph.outputs[all_] == ("float32", (f"{all_}_dim_0", "batch", 3))


def test_loops_inside_branches(finished: Finish) -> None:
    finished(NESTED, [X, GO, ROUNDS], ["v"], *(with_flags(each, go=go, rounds=3) for each in FEEDS for go in (True, False)), raw_names={"v": "y"})


def test_branches_that_are_constants(finished: Finish) -> None:
    done = finished(CONSTANT_BRANCH, [GO], ["If_0"], {"go": np.array(True)}, {"go": np.array(False)}, raw_names={"If_0": "y"})
    assert done.graph.outputs == {"If_0": ("float32", ("If_0_dim_0",))}


def test_scans(finished: Finish) -> None:
    done = finished(SCAN, [X], ["last", "sums"], *FEEDS)
    assert done.graph.outputs == {"last": ("float32", (3,)), "sums": ("float32", ("batch", 3))}


def test_functions_are_inlined(finished: Finish) -> None:
    text = """<ir_version: 10, opset_import: ["" : 20, "mine" : 1]>
        g (float[N,3] x) => (float[N,3] y) { h = mine.twice(x) y = mine.quadruple(h) }
        <domain: "mine", opset_import: ["" : 20]> twice (a) => (b) { b = Add(a, a) }
        <domain: "mine", opset_import: ["" : 20, "mine" : 1]> quadruple (a) => (b) { c = mine.twice(a) b = mine.twice(c) }"""
    done = finished(text, [X], ["y"], *FEEDS)
    assert done.operators == ["Add", "Add", "Add"]
    assert not done.proto.functions
    assert [(each.domain, each.version) for each in done.proto.opset_import] == [("", 20)]


CONTRIB = """<ir_version: 10, opset_import: ["" : 20, "com.microsoft" : 1]> g (float[N,3] x) => (float[N,3] y) { y = com.microsoft.QuickGelu(x) }"""


def test_operators_outside_onnx_are_refused(finished: Finish) -> None:
    assert refusal(finished, CONTRIB, [X], ["y"], *FEEDS) == (
        "the graph has operators outside ONNX: com.microsoft::QuickGelu",
        "the exporter found no ONNX operator for them",
    )


def test_operators_outside_onnx_are_found_in_branches(finished: Finish) -> None:
    text = """<ir_version: 10, opset_import: ["" : 20, "com.microsoft" : 1]> g (float[N,3] x, bool go) => (float[N,3] y) {
        y = If (go) < then_branch = t () => (float[N,3] a) { a = com.microsoft.QuickGelu(x) }, else_branch = e () => (float[N,3] a) { a = Neg(x) } > }"""
    assert (
        refusal(finished, text, [X, GO], ["y"], with_flags(FEEDS[0], go=True))[0] == "the graph has operators outside ONNX: com.microsoft::QuickGelu"
    )


def test_operators_that_the_plugin_declares_are_kept(finished: Finish) -> None:
    done = finished(CONTRIB, [X], ["y"], *FEEDS, domains=("com.microsoft",))
    assert sorted((each.domain, each.version) for each in done.proto.opset_import) == [("", 20), ("com.microsoft", 1)]


def test_domains_that_nothing_uses_go(finished: Finish) -> None:
    text = """<ir_version: 10, opset_import: ["" : 20, "ai.onnx.ml" : 3, "com.microsoft" : 1, "strange" : 4]> g (float[N,3] x) => (float[N,3] y) { y = Neg(x) }"""
    assert [each.domain for each in finished(text, [X], ["y"], *FEEDS).proto.opset_import] == [""]


def test_an_input_of_another_dtype_is_refused(finished: Finish) -> None:
    text = "g (double[N,3] x) => (double[N,3] y) { y = Neg(x) }"
    assert refusal(finished, text, [X], ["y"]) == (
        "the graph takes 'x' as float64, the model takes float32",
        "the exporter changed the input's dtype",
    )


@pytest.mark.parametrize("dtype", [TensorProto.INT4, TensorProto.FLOAT4E2M1])
def test_an_input_of_a_dtype_that_no_model_has_is_refused(finished: Finish, dtype: int) -> None:
    x, y = helper.make_tensor_value_info("x", dtype, ["N", 3]), helper.make_tensor_value_info("y", dtype, ["N", 3])
    model = helper.make_model(
        helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 23)]
    )
    assert refusal(finished, model, [X], ["y"])[0] == f"the graph takes 'x' as {TensorProto.DataType.Name(dtype).lower()}, the model takes float32"


def test_shapes_that_lie_are_replaced(finished: Finish) -> None:
    text = """g (float[N,3] x) => (float[5,2] y, float[1] total, float[] flat) <float[3,2] w = {1.0,2.0,3.0,4.0,5.0,6.0}, int64[1] minus = {-1}>
        { y = MatMul(x, w) total = ReduceSum<keepdims=0>(x) flat = Reshape(x, minus) }"""
    raw = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {text}')
    raw.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [26, 1, 37]))
    done = finished(raw, [X], ["y", "total", "flat"], *FEEDS)
    assert done.graph.outputs == {"y": ("float32", ("batch", 2)), "total": ("float32", ()), "flat": ("float32", ("flat_dim_0",))}
    assert done.signature == {"x": ["batch", 3], "y": ["batch", 2], "total": [], "flat": ["flat_dim_0"]}
    assert {each.name for each in done.proto.graph.value_info} <= {each.name for each in done.proto.graph.initializer}


def test_an_expression_of_the_exporter_is_kept_where_it_holds(finished: Finish) -> None:
    text = "g (float[n,w] x) => (float[n, m] y) <int64[1] zero = {0}, int64[1] big = {1000}, int64[1] one = {1}, int64[1] two = {2}> { y = Slice(x, zero, big, one, two) }"
    raw = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 20]> {text}')
    raw.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "floor((width + 1)/2)"
    feeds = [{"x": np.zeros((rows, width), np.float32)} for rows, width in ((5, 7), (1, 7), (5, 2), (5, 31))]
    done = finished(raw, [Input("x", "float32", ("batch", "width"))], ["y"], *feeds)
    assert done.graph.outputs["y"][1][0] == "batch"
    assert done.graph.outputs["y"][1][1] != "y_dim_1"


def test_an_output_whose_rank_changes_is_refused(finished: Finish) -> None:
    raw = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,3] y) { y = Squeeze(x) }')
    assert refusal(finished, raw, [X], ["y"], *FEEDS) == (
        "output 'y' has 1 to 2 dims, ONNX wants as many in every case",
        "a squeeze without its dims drops the batch where that is 1; name the dims",
    )


@pytest.mark.parametrize(
    ("body", "dims"),
    [("y = Unsqueeze(x, one)", ("batch", 1, 3)), ("y = Concat<axis=1>(x, x)", ("batch", 6)), ("y = ReduceMax<keepdims=0>(x, one)", ("batch",))],
)
def test_a_graph_of_another_shape_is_left_to_the_comparison(
    tmp_path: Path, graph_file: Any, record_case: Callable[..., Case], body: str, dims: Any
) -> None:
    raw = graph_file(tmp_path / "raw.onnx", f"g (float[N,3] x) => (float[N,3] y) <int64[1] one = {{1}}> {{ {body} }}")
    cases = [record_case(tmp_path / f"case {len(each['x'])}", each, {"y": -each["x"]}, {"batch": len(each["x"])}) for each in FEEDS]
    graph = finish(raw, ModelSpec((X,), (Output("y"),), {"batch": Axis()}), cases, {})
    assert graph.outputs == {"y": ("float32", dims)}
    agreements = validate(graph.path, (Output("y"),), cases)
    assert {each.fault for each in agreements} == {"shape"}


def test_weights_above_the_limit_go_into_a_data_file(finished: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "write", functools.partial(documents.write, one_file=100))
    weight = numpy_helper.from_array(np.arange(3000, dtype=np.float32).reshape(3, 1000), "w")
    text = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,1000] y) { y = MatMul(x, w) }')
    text.graph.initializer.append(weight)
    done = finished(text, [X], ["y"], *FEEDS)
    assert done.graph.data is not None
    assert (done.graph.data.name, done.graph.data.stat().st_size >= 12000, done.graph.path.stat().st_size < 2000) == ("finished.data", True, True)


def test_weights_of_branches_go_into_the_data_file_too(finished: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "write", functools.partial(documents.write, one_file=100))
    weight = numpy_helper.from_array(np.arange(3000, dtype=np.float32).reshape(3, 1000), "w")
    model = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x, bool go) => (float[N,1000] y) {
        y = If (go) < then_branch = t () => (float[N,1000] a) { a = MatMul(x, w) }, else_branch = e () => (float[N,1000] a) { b = MatMul(x, w) a = Neg(b) } > }""")
    for attribute in model.graph.node[0].attribute:
        attribute.g.initializer.append(weight)
    done = finished(model, [X, GO], ["y"], *(with_flags(each, go=go) for each in FEEDS for go in (True, False)))
    assert not [attribute.g.initializer for attribute in done.proto.graph.node[0].attribute if attribute.g.initializer]
    assert done.graph.path.stat().st_size < 2000
    assert done.graph.data.stat().st_size >= 24000


def test_external_weights_of_the_exporter_come_into_one_file(finished: Finish, tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.arange(3000, dtype=np.float32).reshape(3, 1000), "w")
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,1000] y) { y = MatMul(x, w) }')
    model.graph.initializer.append(weight)
    onnx.save(model, tmp_path / "raw.onnx", save_as_external_data=True, location="raw.weights", size_threshold=0)
    done = finished(tmp_path / "raw.onnx", [X], ["y"], *FEEDS)
    assert done.graph.data is None
    assert done.graph.path.stat().st_size > 12000
    assert not done.proto.graph.initializer[0].external_data


def test_weights_keep_dotted_names_and_equal_ones_are_merged(finished: Finish) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,3] y) { a = Add(x, p) b = Mul(a, q) y = Sub(b, r) }'
    )
    for name, value in (("p", 1.0), ("q", 1.0), ("r", 5.0)):
        model.graph.initializer.append(numpy_helper.from_array(np.full(3, value, np.float32), name))
    model.graph.initializer[2].name = model.graph.node[2].input[1] = "encoder.0.bias"
    done = finished(model, [X], ["y"], *FEEDS)
    assert [each.name for each in done.proto.graph.initializer] == ["Add_0.1", "encoder.0.bias"]


def test_the_ir_version_is_no_newer_than_needed(finished: Finish) -> None:
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,3] y) { y = Neg(x) }')
    model.ir_version = 11
    assert finished(model, [X], ["y"], *FEEDS).proto.ir_version == 10
    model.ir_version = 8
    assert finished(model, [X], ["y"], *FEEDS).proto.ir_version == 8
    model.ir_version = 3
    assert finished(model, [X], ["y"], *FEEDS).proto.ir_version == 4


def test_metadata_and_provenance(finished: Finish) -> None:
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x) => (float[N,3] y) { y = Neg(x) }')
    model.doc_string, model.producer_name, model.domain, model.model_version = "secret path", "pytorch", "org", 7
    model.graph.doc_string = model.graph.node[0].doc_string = "line 7 of /secret.py"
    model.metadata_props.add(key="old", value="gone")
    model.graph.node[0].metadata_props.add(key="stack", value="/secret.py")
    proto = finished(model, [X], ["y"], *FEEDS, metadata={"a": "1", "charset": "äö"}).proto
    assert {each.key: each.value for each in proto.metadata_props} == {"a": "1", "charset": "äö"}
    assert (proto.producer_name, proto.producer_version, proto.domain, proto.model_version) == ("onnx-converter", __version__, "", 0)
    assert b"secret" not in proto.SerializeToString()


def test_a_default_value_of_an_input_is_no_input(finished: Finish) -> None:
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20]> g (float[N,3] x, float[3] w) => (float[N,3] y) { y = Add(x, w) }')
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 2, 3], np.float32), "w"))
    assert [value.name for value in finished(model, [X], ["y"], *FEEDS).proto.graph.input] == ["x"]


@pytest.mark.parametrize("content", [b"\xff" * 50, b"text, not protobuf", b"\x08\x0a"])
def test_a_file_that_is_no_graph(finished: Finish, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "raw.onnx").write_bytes(content)
    message, hint = refusal(finished, tmp_path / "raw.onnx", [X], ["y"])
    assert message.startswith(("raw.onnx is not an ONNX file: ", "the graph has outputs [], the model has ['y']"))
    assert hint


def test_inputs_that_the_model_does_not_have(finished: Finish) -> None:
    text = "g (float[N,3] x, float[N,3] noise) => (float[N,3] y) { y = Add(x, noise) }"
    assert refusal(finished, text, [X], ["y"]) == (
        "the graph wants inputs ['noise'], the model takes ['x']",
        "the exporter turned something else into an input",
    )


def test_outputs_that_the_model_does_not_have(finished: Finish) -> None:
    text = "g (float[N,3] x) => (float[N,3] a) { a = Neg(x) }"
    assert refusal(finished, text, [X], ["y", "z"]) == (
        "the graph has outputs ['a'], the model has ['y', 'z']",
        "the exporter names its outputs otherwise",
    )


def by_hand(folder: Path, model: onnx.ModelProto, record_case: Callable[..., Case]) -> GraphError:
    """Finish a graph that ONNX Runtime cannot run, the answers being recorded by hand; return what is raised."""
    onnx.save(model, folder / "raw.onnx")
    case = record_case(folder / "case 0", FEEDS[0], {"y": -FEEDS[0]["x"]}, {"batch": 5})
    with pytest.raises(GraphError) as caught:
        finish(folder / "raw.onnx", ModelSpec((X,), (Output("y"),), {"batch": Axis()}), [case], {})
    return caught.value


def one_node(node: onnx.NodeProto, y: onnx.ValueInfoProto) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])
    return helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 23)])


def test_an_output_of_a_dtype_that_no_model_has_is_refused(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT4)
    error = by_hand(tmp_path, one_node(cast, helper.make_tensor_value_info("y", TensorProto.INT4, ["N", 3])), record_case)
    assert (error.message, error.hint) == ("the graph gives output 'y' as int4, which no model gives", "the exporter changed the output's dtype")


def test_a_graph_that_the_checker_refuses(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    fancy = helper.make_node("Neg", ["x"], ["y"], fancy=1)
    error = by_hand(tmp_path, one_node(fancy, helper.make_tensor_value_info("y", TensorProto.FLOAT, None)), record_case)
    assert error.message.startswith("the graph is not valid ONNX: ")
    assert "fancy" in error.message
    assert error.hint == "the exporter wrote it; another one may do better"


def test_an_output_without_a_dtype(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    error = by_hand(tmp_path, one_node(helper.make_node("Neg", ["x"], ["y"]), helper.make_empty_tensor_value_info("y")), record_case)
    assert (error.message, error.hint) == ("the graph does not say the dtype of output 'y'", "the exporter left its type out")
