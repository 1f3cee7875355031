"""Heavy attributes stay the bytes that they are, whatever becomes of the graph around them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from converter import protobuf
from converter.graph import documents, heavy
from converter.graph.heavy import HEAVY, LIGHT, take_out
from converter.graph.inspecting import inspect
from converter.specs import Input

Finish = Callable[..., Any]
ROWS = Input("x", "float32", ("batch", 3))
FEEDS = [{"x": np.random.default_rng(rows).standard_normal((rows, 3)).astype(np.float32)} for rows in (5, 1, 2)]
SIZES = (1, LIGHT // 4, HEAVY // 2, HEAVY + 7)  # how many numbers or bytes an attribute holds


def varint(value: int) -> bytes:
    return protobuf.encoded_number(0, value)[1:]


def attribute(name: str, kind: str, size: int) -> bytes:
    """The bytes of an attribute, as packed as its kind says."""
    numbers = (np.arange(size) * 37 % 1000).tolist()
    match kind:
        case "packed":  # as writers of their own do
            content = protobuf.encoded(8, b"".join(map(varint, numbers))) + protobuf.encoded_number(20, 7)
            return protobuf.encoded(1, name.encode()) + content
        case "graph":
            value: Any = helper.make_graph([helper.make_node("Inner", [], ["o"], ints=numbers)], "g", [], [])
        case "tensor":
            value = numpy_helper.from_array(np.zeros(size, np.uint8))
        case "texts":
            value = [str(number) for number in numbers]
        case "text":
            value = "x" * size
        case "floats":
            value = list(map(float, numbers))
        case _:
            value = numbers
    return helper.make_attribute(name, value).SerializeToString()


def node(operator: str, attributes: Mapping[str, bytes], inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = (), domain: str = "") -> bytes:
    texts = [(1, name) for name in inputs] + [(2, name) for name in outputs] + [(4, operator), (7, domain)]
    return b"".join([protobuf.encoded(number, each.encode()) for number, each in texts] + [protobuf.encoded(5, each) for each in attributes.values()])


def model_of(*nodes: bytes, rest: bytes = b"") -> bytes:
    """The bytes of a model with these nodes."""
    return protobuf.encoded(7, b"".join(protobuf.encoded(1, each) for each in nodes) + protobuf.encoded(2, b"g")) + rest


@contextlib.contextmanager
def written(content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(content)
        yield path


KINDS = st.sampled_from(["packed", "ints", "floats", "texts", "text", "tensor", "graph"])
ATTRIBUTES = st.dictionaries(st.sampled_from("abcdef"), st.tuples(KINDS, st.sampled_from(SIZES)), max_size=4)
NODES = st.lists(st.tuples(st.sampled_from(["Trees", "Constant", "Add"]), ATTRIBUTES), max_size=5)


@given(NODES)
@settings(max_examples=30)
def test_what_is_taken_out_and_put_back_is_the_same_file(nodes: list[tuple[str, dict[str, tuple[str, int]]]]) -> None:
    content = model_of(*(node(operator, {name: attribute(name, *what) for name, what in given.items()}) for operator, given in nodes))
    with written(content) as path:
        taken = take_out(path)
        if taken is None:
            assert not any(operator != "Constant" and kind == "packed" and size > HEAVY for operator, given in nodes for kind, size in given.values())
            return
        skeleton, kept = taken
        left = onnx.ModelProto.FromString(skeleton).graph.node
        assert [(each.op_type, [held.name for held in each.attribute]) for each in left] == [(operator, list(given)) for operator, given in nodes]
        assert len(skeleton) + kept.size > len(content)
        kept.put_back(skeleton, path)
        assert path.read_bytes() == content


@given(st.permutations(range(4)), st.integers(0, 4))
@settings(max_examples=20)
def test_nodes_may_be_renamed_moved_doubled_and_dropped(order: list[int], dropped: int) -> None:
    attributes = [{"a": attribute("a", "ints", LIGHT + number), "b": attribute("b", "packed", HEAVY + number)} for number in range(2)]
    content = model_of(*(node("Trees", attributes[number % 2], ("x",), (f"y{number}",)) for number in range(4)))
    before = onnx.ModelProto.FromString(content).graph.node
    with written(content) as path:
        taken = take_out(path)
        assert taken is not None
        model = onnx.ModelProto.FromString(taken[0])
        assert all(held.s.startswith(b"converter.heavy.") for each in model.graph.node for held in each.attribute)
        nodes = [model.graph.node[number] for number in order if number != dropped]
        for each in nodes:
            each.name, each.input[0], each.output[0] = f"new.{each.output[0]}", "other", f"new.{each.output[0]}"
        copies = [onnx.NodeProto.FromString(each.SerializeToString()) for each in [*nodes, nodes[0]]]
        del model.graph.node[:]
        model.graph.node.extend(copies)
        taken[1].put_back(model.SerializeToString(), path)
        after = onnx.load(path).graph.node
    wanted = [number for number in order if number != dropped]
    assert [each.name for each in after] == [f"new.y{number}" for number in [*wanted, wanted[0]]]
    assert all(list(each.attribute) == list(before[number].attribute) for each, number in zip(after, [*wanted, wanted[0]], strict=True))


def test_what_stays(tmp_path: Path) -> None:
    big = {"a": attribute("a", "ints", HEAVY)}
    call = model_of(node("Trees", big), rest=protobuf.encoded(25, b""))  # a function of the model's own
    for content in (model_of(node("Constant", big)), model_of(node("If", {"a": attribute("a", "graph", HEAVY)})), call, b"hello", b"", DAMAGED):
        path = tmp_path / "model.onnx"
        path.write_bytes(content)
        assert take_out(path) is None
        assert path.read_bytes() == content


DAMAGED = model_of(node("Trees", {"a": attribute("a", "ints", HEAVY)}))[:-100]


def test_a_text_that_looks_like_a_token_stays(tmp_path: Path) -> None:
    texts = {name: helper.make_attribute(name, f"converter.heavy.{name}").SerializeToString() for name in "mn"}
    path = tmp_path / "model.onnx"
    path.write_bytes(model_of(node("Trees", {"a": attribute("a", "ints", HEAVY), **texts})))
    content = path.read_bytes()
    taken = take_out(path)
    assert taken is not None
    taken[1].put_back(taken[0], path)
    assert path.read_bytes() == content


def forest(trees: int, depth: int, seed: int) -> dict[str, Any]:
    """Attributes of full trees with two targets."""
    rng = np.random.default_rng(seed)
    nodes, inner = (1 << depth + 1) - 1, (1 << depth) - 1
    numbers = np.arange(nodes)
    leaf = numbers >= inner
    every = np.repeat(np.arange(trees), nodes)
    leaves = np.tile(numbers[leaf], trees)
    return {
        "n_targets": 2,
        "nodes_treeids": every.tolist(),
        "nodes_nodeids": np.tile(numbers, trees).tolist(),
        "nodes_featureids": np.tile(np.where(leaf, 0, numbers % 3), trees).tolist(),
        "nodes_values": np.where(np.tile(leaf, trees), 0, rng.standard_normal(trees * nodes)).astype(np.float32).tolist(),
        "nodes_modes": np.tile(np.where(leaf, "LEAF", "BRANCH_LEQ"), trees).tolist(),
        "nodes_truenodeids": np.tile(np.where(leaf, 0, 2 * numbers + 1), trees).tolist(),
        "nodes_falsenodeids": np.tile(np.where(leaf, 0, 2 * numbers + 2), trees).tolist(),
        "target_ids": (leaves % 2).tolist(),
        "target_nodeids": leaves.tolist(),
        "target_treeids": np.repeat(np.arange(trees), inner + 1).tolist(),
        "target_weights": rng.standard_normal(len(leaves)).astype(np.float32).tolist(),
    }


def trees_model() -> onnx.ModelProto:
    """Two different forests and one of them again, among small nodes, and a third that no output needs."""
    one, two = forest(8, 9, 1), forest(6, 9, 2)
    regressor = [("first", one), ("second", two), ("third", one), ("unused", two)]
    nodes = [helper.make_node("Add", ["x", "shift"], ["moved"])]
    nodes += [helper.make_node("TreeEnsembleRegressor", ["moved"], [name], f"n_{name}", domain="ai.onnx.ml", **what) for name, what in regressor]
    nodes += [helper.make_node("Sum", ["third", "second", "first"], ["total"]), helper.make_node("Neg", ["total"], ["out"])]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in ("out", "unused")],
        [numpy_helper.from_array(np.full((1, 3), 0.25, np.float32), "shift")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trees") / "raw.onnx"
    onnx.save(trees_model(), path)
    return path


def test_a_finished_forest_is_the_one_that_is_read_whole(trees: Path, finished: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw.onnx"
    raw.write_bytes(trees.read_bytes())
    light = finished(raw, [ROWS], ["out"], *FEEDS, metadata={"k": "v"})
    content = light.graph.path.read_bytes()
    assert light.operators == ["Add", "TreeEnsembleRegressor", "TreeEnsembleRegressor", "TreeEnsembleRegressor", "Sum", "Neg"]
    finished(raw, [ROWS], ["out"], *FEEDS, metadata={"k": "v"})
    assert light.graph.path.read_bytes() == content
    monkeypatch.setattr(heavy, "HEAVY", 1 << 60)
    whole = finished(raw, [ROWS], ["out"], *FEEDS, metadata={"k": "v"})
    assert whole.proto == onnx.ModelProto.FromString(content)


def test_a_finished_forest_is_no_larger_than_it_was_written(finished: Finish, tmp_path: Path) -> None:
    proto = trees_model()
    what = forest(8, 9, 1)
    packed = {name: b"".join(map(varint, value)) for name, value in what.items() if isinstance(value, list) and isinstance(value[0], int)}
    rest = {name: helper.make_attribute(name, value).SerializeToString() for name, value in what.items() if name not in packed}
    ints = {name: protobuf.encoded(1, name.encode()) + protobuf.encoded(8, value) + protobuf.encoded_number(20, 7) for name, value in packed.items()}
    trees = node("TreeEnsembleRegressor", {**rest, **ints}, ("x",), ("out",), "ai.onnx.ml")
    del proto.graph.node[:], proto.graph.output[1:], proto.graph.initializer[:]
    raw = tmp_path / "raw.onnx"
    raw.write_bytes(proto.SerializeToString() + model_of(trees))
    done = finished(raw, [ROWS], ["out"], *FEEDS)
    assert done.graph.path.stat().st_size < raw.stat().st_size + 1000  # for names and the producer
    content = done.graph.path.read_bytes()
    assert all(each in content for each in ints.values())


def test_weights_beside_a_forest_go_to_a_data_file(trees: Path, finished: Finish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(document: documents.Document, path: Path) -> Path | None:
        return write(document, path, one_file=1000)

    write = documents.write
    monkeypatch.setattr(documents, "write", small)
    model = onnx.load(trees)
    model.graph.initializer.append(numpy_helper.from_array(np.ones((200, 2), np.float32), "big"))
    model.graph.node.append(helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0))
    model.graph.node.append(helper.make_node("Add", ["out", "sum"], ["shifted"]))
    model.graph.output.append(helper.make_tensor_value_info("shifted", TensorProto.FLOAT, ["N", 2]))
    raw = tmp_path / "raw.onnx"
    onnx.save(model, raw)
    done = finished(raw, [ROWS], ["shifted"], *FEEDS)
    assert done.graph.data is not None
    before = onnx.load(done.graph.path, load_external_data=False)
    done.graph.data.rename(tmp_path / "other.data")
    documents.point_to_data(done.graph.path, "other.data")
    after = onnx.load(done.graph.path, load_external_data=False)
    assert [node.attribute for node in after.graph.node] == [node.attribute for node in before.graph.node]
    locations = {entry.value for tensor in after.graph.initializer for entry in tensor.external_data if entry.key == "location"}
    assert locations == {"other.data"}


def test_inspect_counts_the_nodes_of_a_forest(trees: Path) -> None:
    found = inspect(trees)
    assert found.operators == {"ai.onnx.ml::TreeEnsembleRegressor": 4, "Add": 1, "Neg": 1, "Sum": 1}
    assert (found.size, found.parameters, [value.name for value in found.outputs]) == (trees.stat().st_size, 3, ["out", "unused"])


def test_a_forest_of_skl2onnx(finished: Finish, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    from skl2onnx import to_onnx
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    table, labels = load_digits(return_X_y=True)
    rows = table.astype(np.float32)
    model = RandomForestClassifier(40, random_state=0).fit(rows, labels)
    raw = tmp_path / "raw.onnx"
    raw.write_bytes(to_onnx(model, rows[:1], options={"zipmap": False}, target_opset={"": 18, "ai.onnx.ml": 3}).SerializeToString())
    done = finished(raw, [Input("X", "float32", ("batch", 64))], ["label", "probabilities"], {"X": rows[:50]}, {"X": rows[50:51]})
    given, kept = onnx.load(raw), done.proto
    biggest = [max(each.graph.node, key=lambda node: node.ByteSize()) for each in (given, kept)]
    assert {each.name: each.SerializeToString() for each in biggest[0].attribute} == {
        each.name: each.SerializeToString() for each in biggest[1].attribute
    }
