"""What NumPy writes in protobuf's wire format is what protobuf reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.internal import encoder
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, helper, numpy_helper

from converter.trees import wire

NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**35), st.integers(0, 2**63 - 1))


def protobufs(numbers: list[int]) -> bytes:
    """Varints as protobuf's own encoder writes them."""
    written: list[bytes] = []
    for number in numbers:
        encoder._EncodeVarint(written.append, number)
    return b"".join(written)


@given(st.lists(NUMBERS, max_size=40))
def test_varints_are_protobufs(numbers: list[int]) -> None:
    assert wire.varints(np.array(numbers, np.int64)) == protobufs(numbers)


@pytest.mark.parametrize("largest", [0, 127, 128, 2**14 - 1, 2**14, 2**31, 2**32 - 1, 2**32, 2**63 - 1])
def test_varints_of_every_width_are_protobufs(largest: int) -> None:
    numbers = [0, largest, largest // 2, 1]
    assert wire.varints(np.array(numbers, np.int64)) == protobufs(numbers)


def test_long_arrays_are_written_piece_by_piece() -> None:
    numbers = np.random.default_rng(0).integers(0, 2**20, 2 * (1 << 16) + 5)
    assert wire.varints(numbers) == protobufs(numbers.tolist())


@given(st.lists(NUMBERS, max_size=20))
def test_whole_numbers_are_read(numbers: list[int]) -> None:
    found = AttributeProto.FromString(wire.ints("name", np.array(numbers, np.int64)))
    assert (found.name, found.type, list(found.ints)) == ("name", AttributeProto.INTS, numbers)


def test_truth_values_are_whole_numbers() -> None:
    assert list(AttributeProto.FromString(wire.ints("name", np.array([True, False, True]))).ints) == [1, 0, 1]


@given(st.integers(0, 2**63 - 1))
def test_one_whole_number_is_read(number: int) -> None:
    assert AttributeProto.FromString(wire.integer("name", number)) == helper.make_attribute("name", number)


@given(st.lists(st.floats(width=32), max_size=20))
def test_floats_are_read(numbers: list[float]) -> None:
    found = AttributeProto.FromString(wire.floats("name", np.array(numbers)))
    assert (found.name, found.type) == ("name", AttributeProto.FLOATS)
    np.testing.assert_array_equal(list(found.floats), numbers)


@given(st.lists(st.booleans(), max_size=40), st.tuples(st.binary(max_size=200), st.binary(max_size=12)))
def test_one_of_two_words_each_is_read(chosen: list[bool], words: tuple[bytes, bytes]) -> None:
    found = AttributeProto.FromString(wire.choices("name", words, np.array(chosen, bool)))
    assert (found.name, found.type) == ("name", AttributeProto.STRINGS)
    assert list(found.strings) == [words[each] for each in chosen]


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_tensors_are_read(dtype: str) -> None:
    values = np.arange(7).astype(dtype)
    found = AttributeProto.FromString(wire.tensor("name", values))
    assert found == helper.make_attribute("name", numpy_helper.from_array(values, "name"))


def test_values_that_lie_apart_are_read() -> None:
    wide = np.arange(20.0).reshape(10, 2)
    assert list(AttributeProto.FromString(wire.floats("name", wide[:, 1])).floats) == wide[:, 1].tolist()
    np.testing.assert_array_equal(numpy_helper.to_array(AttributeProto.FromString(wire.tensor("name", wide[:, 1])).t), wide[:, 1])


def test_a_node_is_read() -> None:
    numbers = np.array([3, 500])
    written = wire.node("Operator", "a.domain", ("x", "ü"), ("y",), wire.integer("one", 7), wire.ints("many", numbers))
    attributes: dict[str, Any] = {"one": 7, "many": numbers.tolist()}
    found = onnx.NodeProto.FromString(written)
    assert list(found.input) == ["x", "ü"]
    assert list(found.output) == ["y"]
    assert (found.op_type, found.domain) == ("Operator", "a.domain")
    assert {each.name: helper.get_attribute_value(each) for each in found.attribute} == attributes
