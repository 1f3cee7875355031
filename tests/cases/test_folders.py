"""Cases on disk in ONNX's test_data_set_N layout come back as they were."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from converter import dtypes
from converter.cases import Case
from converter.cases.folders import read_cases, write_cases
from converter.errors import DestinationError, SourceNotFound, UnreadableSource
from converter.specs import Axis, Input, ModelSpec, Output

NONE = ((), ())


def spec_of(feeds: dict[str, np.ndarray], answers: dict[str, np.ndarray]) -> ModelSpec:
    inputs = tuple(Input(name, dtypes.name_of(array.dtype), array.shape) for name, array in feeds.items())
    return ModelSpec(inputs, tuple(Output(name) for name in answers), {"batch": Axis()}, metadata={"k": "v"})


def equal(first: np.ndarray, second: np.ndarray) -> bool:
    return (
        first.shape == second.shape
        and dtypes.name_of(first.dtype) == dtypes.name_of(second.dtype)
        and (first.tolist() == second.tolist() if first.dtype.kind == "O" else first.tobytes() == np.ascontiguousarray(second).tobytes())
    )


@pytest.mark.parametrize("dtype", dtypes.ALL)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (3, 2)])
def test_every_dtype_and_shape(tmp_path: Path, record_case: Callable[..., Case], dtype: str, shape: tuple[int, ...]) -> None:
    words = np.array(["a", "b\0", "", "ü", "\0", "long" * 9], object)
    full = words if dtype == dtypes.STRING else np.arange(6).astype(dtypes.numpy_dtype(dtype))
    array = full[: int(np.prod(shape))].reshape(shape)
    feeds, answers = {"file": array}, {"y": array, "z": array}
    write_cases(tmp_path / "cases", spec_of(feeds, answers), [record_case(tmp_path / "case 0", feeds, answers, {"batch": 3})])
    spec, (case,) = read_cases(tmp_path / "cases", NONE, tmp_path / "work")
    assert spec == spec_of(feeds, answers)
    assert (case.name, case.origin, case.sizes) == ("case 0", "by hand", {"batch": 3})
    assert all(equal(case.feeds[name], each) for name, each in feeds.items())
    assert all(equal(case.answers[name], each) for name, each in answers.items())


@given(st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=4), min_size=1, max_size=3))
def test_several_cases_of_any_text(record_case: Callable[..., Case], rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        texts = [np.array(row, object) for row in rows]
        cases = [record_case(here / f"case {number}", {"s": text}, {"s": text}, {}) for number, text in enumerate(texts)]
        write_cases(here / "out", spec_of({"s": texts[0]}, {"s": texts[0]}), cases)
        _, found = read_cases(here / "out", NONE, here / "work")
        assert [case.feeds["s"].tolist() for case in found] == rows


def test_onnx_reads_what_is_written(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]
    write_cases(tmp_path / "cases", spec_of({"x": x}, {"y": -x}), [record_case(tmp_path / "case 0", {"x": x}, {"y": -x}, {})])
    tensor = onnx.load_tensor(tmp_path / "cases" / "test_data_set_0" / "input_0.pb")
    assert tensor.name == "x"
    assert np.array_equal(numpy_helper.to_array(tensor), x)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case 0", "cases"]


def test_an_earlier_recording_is_replaced(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    x = np.zeros(2, np.float32)
    case = record_case(tmp_path / "case 0", {"x": x}, {"y": x}, {})
    write_cases(tmp_path / "cases", spec_of({"x": x}, {"y": x}), [case] * 3)
    write_cases(tmp_path / "cases", spec_of({"x": x}, {"y": x}), [case])
    assert sorted(path.name for path in (tmp_path / "cases").iterdir()) == ["spec.json", "test_data_set_0"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case 0", "cases"]


def test_an_empty_folder_is_taken(tmp_path: Path, record_case: Callable[..., Case]) -> None:
    x = np.zeros(2, np.float32)
    (tmp_path / "cases").mkdir()
    write_cases(tmp_path / "cases", spec_of({"x": x}, {"y": x}), [record_case(tmp_path / "case 0", {"x": x}, {"y": x}, {})])
    assert (tmp_path / "cases" / "spec.json").is_file()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.png").write_bytes(b"dear")
    with pytest.raises(DestinationError) as caught:
        write_cases(tmp_path / "photos", spec_of({}, {}), [])
    assert caught.value.message == f"{tmp_path / 'photos'} holds something else than recorded cases"
    assert caught.value.hint == "name a new or empty folder"
    assert (tmp_path / "photos" / "1.png").read_bytes() == b"dear"


def test_a_file_is_no_folder_for_cases(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("dear")
    with pytest.raises(DestinationError) as caught:
        write_cases(tmp_path / "notes", spec_of({}, {}), [])
    assert caught.value.message == f"{tmp_path / 'notes'} is a file"
    assert caught.value.hint == "name a new or empty folder"
    with pytest.raises(DestinationError, match="cannot write to"):
        write_cases(tmp_path / "notes" / "cases", spec_of({}, {}), [])


def test_sets_of_others_take_their_names_by_position(tmp_path: Path) -> None:
    place = tmp_path / "test_data_set_0"
    place.mkdir()
    for name, value in (("input_0", 1), ("input_1", 2), ("output_0", 3)):
        (place / f"{name}.pb").write_bytes(numpy_helper.from_array(np.array(value)).SerializeToString())
    spec, (case,) = read_cases(tmp_path, (["a", "b"], ["c"]), tmp_path / "work")
    assert spec is None
    assert (case.name, case.sizes) == ("test_data_set_0", {})
    assert {name: int(array) for name, array in {**case.feeds, **case.answers}.items()} == {"a": 1, "b": 2, "c": 3}


def test_sets_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 2, 0):
        place = tmp_path / f"test_data_set_{number}"
        place.mkdir()
        (place / "input_0.pb").write_bytes(numpy_helper.from_array(np.array(number), "x").SerializeToString())
    _, cases = read_cases(tmp_path, NONE, tmp_path / "work")
    assert [int(case.feeds["x"]) for case in cases] == [0, 2, 10]


def test_no_sets(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        read_cases(tmp_path, NONE, tmp_path / "work")
    assert caught.value.message == f"{tmp_path} holds no test_data_set_N folders"
    assert caught.value.hint == "converter convert SOURCE --cases DIR records some"


@pytest.mark.parametrize("damage", [b"", b"\xff\xff not a tensor", b"\x08\x01\x10\x01"])
def test_a_damaged_tensor(tmp_path: Path, damage: bytes) -> None:
    place = tmp_path / "test_data_set_0"
    place.mkdir()
    (place / "input_0.pb").write_bytes(damage)
    with pytest.raises(UnreadableSource) as caught:
        read_cases(tmp_path, NONE, tmp_path / "work")
    assert caught.value.message.startswith(f"{place / 'input_0.pb'} is not a recorded tensor: ")
    assert caught.value.hint == "record the cases again"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"spec": {}, "cases": []})])
def test_a_damaged_spec(tmp_path: Path, text: str) -> None:
    place = tmp_path / "test_data_set_0"
    place.mkdir()
    (place / "input_0.pb").write_bytes(numpy_helper.from_array(np.array(1), "x").SerializeToString())
    (tmp_path / "spec.json").write_text(text)
    with pytest.raises(UnreadableSource) as caught:
        read_cases(tmp_path, NONE, tmp_path / "work")
    assert caught.value.message.startswith(f"{tmp_path / 'spec.json'} is not the record of these cases: ")
    assert caught.value.hint == "record the cases again"
