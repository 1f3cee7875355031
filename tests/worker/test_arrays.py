"""Arrays cross the worker border unchanged: every dtype, every shape, every name."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter import dtypes
from converter.worker import arrays

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
NAMES = st.one_of(st.sampled_from(["file", "arr_0", "x", "a/b", "../up", "state.h", "", "x:0", "down.json", "0.npy"]), st.text(max_size=8))


@st.composite
def any_array(draw: st.DrawFn) -> np.ndarray:
    """An array of any of ONNX's dtypes, any bits in it."""
    dtype, shape = draw(st.sampled_from(dtypes.ALL)), draw(SHAPES)
    count = int(np.prod(shape))
    if dtype == dtypes.STRING:
        items = draw(st.lists(st.text(max_size=5), min_size=count, max_size=count))
        text = np.empty(count, object)
        text[:] = items
        return text.reshape(shape)
    if dtype == "bool":
        return np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)), bool).reshape(shape)
    kind = dtypes.numpy_dtype(dtype)
    bits = draw(st.binary(min_size=count * kind.itemsize, max_size=count * kind.itemsize))
    return np.frombuffer(bits, kind).reshape(shape)


def same(first: np.ndarray, second: np.ndarray) -> bool:
    """Equal to the last bit, NaNs and signs of zero included."""
    if first.shape != second.shape or dtypes.name_of(first.dtype) != dtypes.name_of(second.dtype):
        return False
    if first.dtype.kind in "OUST":
        return bool(first.tolist() == second.tolist())
    return np.ascontiguousarray(first).tobytes() == np.ascontiguousarray(second).tobytes()


@given(st.dictionaries(NAMES, any_array(), max_size=4))
def test_what_is_written_is_read_back(given_arrays: dict[str, np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrays.write(given_arrays, Path(folder) / "deep" / "down")
        found = arrays.read(Path(folder) / "deep" / "down")
        assert list(found) == list(given_arrays)
        assert all(same(found[name], array) for name, array in given_arrays.items())
        assert [path.name for path in Path(folder).iterdir()] == ["deep"]
        assert all(path.name.startswith("down.") for path in (Path(folder) / "deep").iterdir())


@pytest.mark.parametrize("dtype", dtypes.ALL)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (3, 2)])
def test_every_dtype_and_shape(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    words = np.array(["a", "b\0", "", "ü", "\0", "long" * 9], object)
    full = words if dtype == dtypes.STRING else np.arange(6).astype(dtypes.numpy_dtype(dtype))
    array = full[: int(np.prod(shape))].reshape(shape)
    arrays.write({"file": array}, tmp_path / "set")
    assert same(arrays.read(tmp_path / "set")["file"], array)


def test_views_strides_and_byte_orders(tmp_path: Path) -> None:
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    given_arrays = {
        "strided": base[::2, ::-3],
        "turned": base.T,
        "big": base.astype(">f4"),
        "half": base.astype(dtypes.numpy_dtype("bfloat16")).T[::2],
    }
    arrays.write(given_arrays, tmp_path / "set")
    found = arrays.read(tmp_path / "set")
    assert all(np.array_equal(found[name], array) for name, array in given_arrays.items())


@pytest.mark.parametrize("text", [np.array(["a\0", "bc"]), np.array(["a", "bc"], np.dtypes.StringDType()), np.array("alone")])
def test_every_kind_of_text_becomes_objects(tmp_path: Path, text: np.ndarray) -> None:
    arrays.write({"s": text}, tmp_path / "set")
    found = arrays.read(tmp_path / "set")["s"]
    assert (found.dtype, found.shape, found.tolist()) == (np.dtype(object), text.shape, text.tolist())


def test_what_is_read_cannot_be_changed(tmp_path: Path) -> None:
    arrays.write({"x": np.zeros(3, np.float32)}, tmp_path / "set")
    with pytest.raises(ValueError, match="read-only"):
        arrays.read(tmp_path / "set")["x"][0] = 1


@pytest.mark.parametrize("item", [1, None, b"bytes", ["a"]])
def test_strings_are_only_strings(tmp_path: Path, item: object) -> None:
    array = np.empty(2, object)
    array[:] = ["a", item]
    with pytest.raises(TypeError, match=r"s holds .* among its strings"):
        arrays.write({"s": array}, tmp_path / "set")


def test_a_dtype_that_onnx_lacks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="datetime64"):
        arrays.write({"when": np.array(["2020-01-01"], "datetime64[D]")}, tmp_path / "set")


def test_sets_lie_side_by_side(tmp_path: Path) -> None:
    for number, name in enumerate(("inputs", "outputs", "again")):
        assert not arrays.are_at(tmp_path / name)
        arrays.write({"x": np.full(3, number), "s": np.array([name], object)}, tmp_path / name)
    for number, name in enumerate(("inputs", "outputs", "again")):
        assert arrays.are_at(tmp_path / name)
        found = arrays.read(tmp_path / name)
        assert (found["x"].tolist(), found["s"].tolist()) == ([number] * 3, [name])
