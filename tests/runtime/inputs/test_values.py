"""Sequences, maps and optional values as inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from converter.errors import InputError
from converter.runtime import Session

TENSOR = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
SEQUENCE = helper.make_sequence_type_proto(TENSOR)
CONCAT = "g (seq(float[n]) x, float[n] last) => (float[m] y) { all = SequenceInsert(x, last) y = ConcatFromSequence <axis = 0> (all) }"


def one_node(node: Any, given: Any, made: Any) -> Session:
    """Open a graph of one node from x to y on the CPU."""
    graph = helper.make_graph([node], "g", [helper.make_value_info("x", given)], [helper.make_value_info("y", made)])
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    return Session(helper.make_model(graph, opset_imports=imports, ir_version=10).SerializeToString(), device="cpu", threads=1)


def vectorizer(key: int, **vocabulary: Any) -> Session:
    """Open a graph that makes a row of numbers of a dictionary."""
    made = helper.make_map_type_proto(key, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    return one_node(helper.make_node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", **vocabulary), made, TENSOR)


@pytest.mark.parametrize("road", ["cpu", "as_cuda"])
def test_a_sequence_is_a_list(road: str, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue(road)(CONCAT)
    last = np.array([7], np.float32)
    for _ in range(3):
        assert session(x=[np.array([1, 2], np.float32), np.array([3], np.float16)], last=last).y.tolist() == [1, 2, 3, 7]
        assert session(x=([4.0], np.arange(4, dtype=np.float32)[::-2]), last=last).y.tolist() == [4, 3, 1, 7]
        assert session(x=[], last=last).y.tolist() == [7]


def test_torch_tensors_in_a_list(cpu: Callable[..., Session]) -> None:
    torch = pytest.importorskip("torch")
    assert cpu(CONCAT)(x=[torch.ones(2)], last=np.zeros(1, np.float32)).y.tolist() == [1, 1, 0]


def test_an_optional_value_is_none_or_the_value() -> None:
    has = one_node(
        helper.make_node("OptionalHasElement", ["x"], ["y"]),
        helper.make_optional_type_proto(TENSOR),
        helper.make_tensor_type_proto(TensorProto.BOOL, []),
    )
    for _ in range(3):
        assert has(np.ones(2, np.float32)).y.item() is True
        assert has(x=None).y.item() is False
        assert has().y.item() is False
        assert has([1.0, 2.0]).y.item() is True
    same = one_node(helper.make_node("Identity", ["x"], ["y"]), optional := helper.make_optional_type_proto(SEQUENCE), optional)
    assert [part.tolist() for part in same([np.ones(1, np.float32)]).y] == [[1]]
    assert same(x=None).y is None


def test_a_map_is_a_dictionary() -> None:
    numbers = vectorizer(TensorProto.INT64, int64_vocabulary=[3, 4])
    words = vectorizer(TensorProto.STRING, string_vocabulary=["a", "b"])
    for _ in range(2):
        assert numbers(x={4: 2.5, np.int64(3): np.float32(1)}).y.tolist() == [[1, 2.5]]
        assert words(x={"b": 2}).y.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (np.ones(2, np.float32), "input 'x' wants a list for seq(tensor(float)), got ndarray", "also of one item"),
        (None, "input 'x' wants a list for seq(tensor(float)), got None", "pass a list"),
        ([[1.0], np.ones(2, np.int64)], "input 'x[1]' wants float32, got int64", "astype('float32')"),
        (["text"], "input 'x[0]' wants float32, which cannot hold 'text' exactly", "np.array"),
    ],
)
def test_what_is_no_sequence(cpu: Callable[..., Session], value: object, message: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        cpu(CONCAT)(x=value, last=np.ones(1, np.float32))
    assert caught.value.message == message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "wants a dictionary with at least one key for map(int64,tensor(float)), got dict {}"),
        ([3], "got list [3]"),
        ({"3": 1.0}, "got dict {'3': 1.0}"),
        ({3: "one"}, "got dict {3: 'one'}"),
    ],
)
def test_what_is_no_map(value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        vectorizer(TensorProto.INT64, int64_vocabulary=[3, 4])(x=value)
    assert message in caught.value.message
    assert caught.value.hint


def test_sequences_cannot_be_bound(cpu: Callable[..., Session]) -> None:
    with pytest.raises(InputError, match="strings or sequences, which cannot be bound") as bound:
        cpu(CONCAT).bind([np.ones(2, np.float32)], np.ones(1, np.float32))
    assert bound.value.hint == "call the session instead"


def test_a_dtype_that_python_cannot_pass() -> None:
    int4 = helper.make_tensor_type_proto(TensorProto.INT4, [2])
    session = one_node(helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT), int4, TENSOR)
    with pytest.raises(InputError) as caught:
        session(np.ones(2, np.int8))
    assert caught.value.message == "input 'x' wants tensor(int4), which does not pass from Python to ONNX Runtime"
    assert "cast inside" in caught.value.hint
