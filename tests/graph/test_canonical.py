"""The same graph gives the same bytes, whatever its exporter called things and in whatever order it wrote them."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import numpy_helper

from converter.cases import Case
from converter.graph import finish
from converter.graph.canonical import canonicalise
from converter.specs import Axis, Input, ModelSpec, Output

HEADER = '<ir_version: 10, opset_import: ["" : 20]>'
GRAPHS = {
    "chain": "g (float[N,3] x) => (float[N,3] y) { a = Mul(x, w) b = Add(a, v) c = Neg(b) y = Abs(c) }",
    "diamond": "g (float[N,3] x) => (float[N,3] y) { a = Mul(x, w) b = Add(x, w) c = Sub(a, b) d = Mul(b, v) e = Add(c, d) y = Div(e, u) }",
    "constants": "g (float[N,3] x) => (float[N,3] y) { k = Constant<value = float[3] {1.0,2.0,5.0}> () l = Constant<value_float = 3.0> () a = Mul(x, k) b = Add(a, l) y = Add(b, w) }",
    "branch": """g (float[N,3] x) => (float[N,3] y) {
        s = ReduceSum<keepdims=0>(x) go = Greater(s, zero) h = Mul(x, w)
        y = If (go) < then_branch = t () => (float[N,3] a) { b = Add(h, v) c = Neg(b) a = Mul(c, u) },
                      else_branch = e () => (float[N,3] a) { b = Sub(h, x) a = Abs(b) } > }""",
    "branch of constants": """g (float[N,3] x) => (float[K] y) {
        s = ReduceSum<keepdims=0>(x) go = Greater(s, zero)
        y = If (go) < then_branch = t () => (float[2] a) { a = Constant<value = float[2] {1.0, 2.0}> () },
                      else_branch = e () => (float[3] c) { c = Constant<value = float[3] {3.0, 4.0, 5.0}> () } > }""",
    "loop": """g (float[N,3] x) => (float[N,3] y) {
        yes = Constant<value = bool {1}> () n = Constant<value = int64 {3}> () start = Mul(x, w)
        y = Loop (n, yes, start) < body = r (int64 i, bool g, float[N,3] p) => (bool h, float[N,3] q) { h = Identity(g) m = Add(p, v) q = Sub(m, x) } > }""",
}
WEIGHTS = {"u": [3.0, 3.0, 3.0], "v": [1.0, 2.0, 3.0], "w": [4.0, 5.0, 6.0], "zero": 0.0, "unread": [9.0]}
SPEC = ModelSpec((Input("x", "float32", ("batch", 3)),), (Output("y"),), {"batch": Axis()})


def parsed(text: str) -> onnx.ModelProto:
    model = onnx.parser.parse_model(f"{HEADER} {text}")
    for name, value in WEIGHTS.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return model


def disguised(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The same graph with other names, node order, weight order and notes."""
    rng, twin = random.Random(seed), onnx.ModelProto()
    twin.CopyFrom(model)
    names: dict[str, str] = {"": "", "x": "x", "y": "y"}
    _disguise(twin.graph, names, rng)
    twin.producer_name, twin.doc_string = f"exporter {seed}", "written on a Monday"
    twin.metadata_props.add(key="when", value=str(seed))
    return twin


def _disguise(graph: onnx.GraphProto, names: dict[str, str], rng: random.Random) -> None:
    fresh = {"": ""} | {name: name for name in ("x", "y") if name in names and names[name] == name}
    for name in [
        *(each.name for each in graph.input),
        *(each.name for each in graph.initializer),
        *(out for node in graph.node for out in node.output),
    ]:
        fresh.setdefault(name, rng.choice(["onnx::Op_", "v", "Add_", "Neg_", "tmp/", "If_"]) + str(rng.randrange(10**6)))
    scope = {**names, **fresh}
    ready, left, order = {*names.values(), *(scope[each.name] for each in (*graph.input, *graph.initializer))}, list(graph.node), []
    for node in left:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _disguise(attribute.g, scope, rng)
        node.input[:], node.output[:] = [scope[name] for name in node.input], [scope[name] for name in node.output]
        attributes = [onnx.AttributeProto.FromString(each.SerializeToString()) for each in node.attribute]
        rng.shuffle(attributes)
        del node.attribute[:]
        node.attribute.extend(attributes)
        node.name, node.doc_string = f"node {rng.randrange(10**6)}", "at line 3"
    while left:
        free = [node for node in left if set(_reads(node)) <= ready | {""}]
        chosen = rng.choice(free)
        left.remove(chosen)
        order.append(chosen)
        ready |= {*chosen.output}
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in order]
    del graph.node[:]
    graph.node.extend(copies)
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = scope[value.name]
    weights = [onnx.TensorProto.FromString(each.SerializeToString()) for each in graph.initializer]
    rng.shuffle(weights)
    del graph.initializer[:]
    graph.initializer.extend(weights)
    graph.name = f"graph {rng.randrange(10**6)}"


def _reads(node: onnx.NodeProto) -> list[str]:
    found = list(node.input)
    for attribute in node.attribute:
        inner = {each.name for each in (*attribute.g.input, *attribute.g.initializer)} | {out for each in attribute.g.node for out in each.output}
        found += [name for each in attribute.g.node for name in _reads(each) if name not in inner]
    return found


@pytest.fixture
def case(tmp_path: Path, record_case: Callable[..., Case]) -> Case:
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    return record_case(tmp_path / "case 0", {"x": x}, {"y": x}, {"batch": 5})


def finished_bytes(folder: Path, model: onnx.ModelProto, case: Case) -> bytes:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    onnx.save(model, folder / "raw.onnx")
    return finish(folder / "raw.onnx", SPEC, [case], {"b": "2", "a": "1"}).path.read_bytes()


@pytest.mark.parametrize("name", GRAPHS)
def test_names_and_orders_leave_no_trace(tmp_path: Path, case: Case, name: str) -> None:
    model = parsed(GRAPHS[name])
    wanted = finished_bytes(tmp_path / "out", model, case)
    for seed in range(12):
        twin = disguised(model, seed)
        onnx.checker.check_model(twin)
        assert twin != model
        assert finished_bytes(tmp_path / "out", twin, case) == wanted


@pytest.mark.parametrize("name", GRAPHS)
def test_a_finished_graph_is_finished_to_itself(tmp_path: Path, case: Case, name: str) -> None:
    once = finished_bytes(tmp_path / "out", parsed(GRAPHS[name]), case)
    assert finished_bytes(tmp_path / "out", onnx.load_from_string(once), case) == once


def test_other_graphs_give_other_bytes(tmp_path: Path, case: Case) -> None:
    models = [parsed(GRAPHS[name]) for name in ("chain", "diamond", "branch", "loop")]
    other = parsed(GRAPHS["chain"])
    other.graph.initializer[2].CopyFrom(numpy_helper.from_array(np.array([4, 5, 7], np.float32), "w"))
    assert len({finished_bytes(tmp_path / "out", model, case) for model in [*models, other]}) == 5


@pytest.mark.parametrize("name", GRAPHS)
def test_every_value_and_node_has_a_name_of_its_own(tmp_path: Path, case: Case, name: str) -> None:
    for seed in range(6):
        graph = onnx.load_from_string(finished_bytes(tmp_path / "out", disguised(parsed(GRAPHS[name]), seed), case)).graph
        values, nodes = [value.name for value in graph.input], []
        pending = [graph]
        while pending:
            here = pending.pop()
            values += [each.name for each in here.initializer] + [out for node in here.node for out in node.output if out]
            values += [each.name for each in here.input] if here is not graph else []
            nodes += [node.name for node in here.node]
            pending += [attribute.g for node in here.node for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH]
        assert len(values) == len(set(values))
        assert len(nodes) == len(set(nodes))


def test_a_weight_of_a_branch_may_carry_the_name_of_an_outer_node(tmp_path: Path, case: Case) -> None:
    text = """g (float[N,3] x) => (float[K] y) {
        s = ReduceSum<keepdims=0>(x) go = Greater(s, zero)
        y = If (go) < then_branch = t () => (float[3] Greater_1) { }, else_branch = e () => (float[3] ReduceSum_0) { } > }"""
    model = parsed(text)
    for attribute, value in zip(model.graph.node[2].attribute, (1.0, 2.0), strict=True):
        attribute.g.initializer.append(numpy_helper.from_array(np.full(3, value, np.float32), attribute.g.output[0].name))
    finished_bytes(tmp_path / "out", model, case)


def test_what_the_passes_say_is_not_for_the_user(caplog: pytest.LogCaptureFixture) -> None:
    """A weight that is an output is left where it is, which onnx_ir warns of."""
    model = ir.from_onnx_text(f"{HEADER} g (float[3] x) => (float[3] y, float[3] w) <float[3] w = {{1.0, 2.0, 3.0}}> {{ y = Mul(x, w) }}")
    with caplog.at_level(logging.WARNING):
        canonicalise(model)
    assert not caplog.records
    logging.getLogger("onnx_ir").warning("this one is")
    assert [record.message for record in caplog.records] == ["this one is"]
