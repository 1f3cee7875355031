"""Arrays of files, mapped into memory, and the .npz that is written a batch at a time."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from onnx import numpy_helper

from converter.errors import GraphError, UnreadableSource, UsageError
from converter.rows.arrays import open_arrays
from converter.rows.npz import NpzWriter, arrays_of

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 4),
    "file": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "text": np.array(["é", "long"]),
    "none": np.zeros((0, 3), np.float16),
    "one": np.array(7),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_is_mapped(tmp_path: Path, save: object) -> None:
    assert callable(save)
    given = {name: array for name, array in ARRAYS.items() if name != "file"} | {"file_": ARRAYS["file"]}  # numpy's own cannot write "file"
    save(tmp_path / "a.npz", **given)
    found = open_arrays(tmp_path / "a.npz", ["x", "y"])
    assert found.keys() == given.keys()
    for name, array in given.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)
    assert isinstance(found["numbers"], np.memmap)


def test_a_file_without_a_name_is_the_only_input(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAYS["numbers"])
    (tmp_path / "a.pb").write_bytes(numpy_helper.from_array(ARRAYS["numbers"]).SerializeToString())
    (tmp_path / "named.pb").write_bytes(numpy_helper.from_array(np.array(["é\0"], object), "words").SerializeToString())
    for name in ("a.npy", "a.pb"):
        np.testing.assert_array_equal(open_arrays(tmp_path / name, ["x"])["x"], ARRAYS["numbers"])
    assert open_arrays(tmp_path / "named.pb", ["x", "y"])["words"].tolist() == ["é\0"]
    with pytest.raises(UsageError) as caught:
        open_arrays(tmp_path / "a.npy", ["x", "y"])
    assert caught.value.message == "a.npy does not say which input it is"
    assert caught.value.hint == f"--input NAME={tmp_path / 'a.npy'}, NAME one of x, y; or an .npz with an array for each"


@pytest.mark.parametrize("name", ["objects.npy", "records.npy", "cut.npz", "words.npz", "empty.npy"])
def test_files_that_hold_no_arrays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "records.npy", np.zeros(2, [("ä", "f4")]))
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "empty.npy").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "words.npz", "w") as archive:
        archive.writestr("words.txt", "no array")
    with pytest.raises(UnreadableSource) as caught:
        open_arrays(path, ["x"])
    assert caught.value.message.startswith(f"{path} cannot be read as a")
    assert caught.value.hint == "write it with numpy.save or numpy.savez, without objects"


def test_a_damaged_tensor_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pb").write_bytes(b"\xff\xff")
    with pytest.raises(UnreadableSource, match=r"a\.pb is not a recorded tensor"):
        open_arrays(tmp_path / "a.pb", ["x"])


def test_an_npz_grows_by_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("converter.rows.npz.IN_MEMORY", 10)
    writer = NpzWriter(tmp_path / "out.npz")
    for rows in ([["a", "bb"]], [["cccc", ""]], []):
        text = np.array(rows, object).reshape(-1, 2)
        writer.write({"file": np.full((len(rows), 3), len(rows), np.float32), "text": text})
    assert [path.name for path in tmp_path.iterdir()] == []
    writer.close()
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        assert found["file"].tolist() == [[1.0] * 3] * 2
        assert found["text"].tolist() == [["a", "bb"], ["cccc", ""]]


def test_batches_of_other_shapes_make_no_array(tmp_path: Path) -> None:
    writer = NpzWriter(tmp_path / "out.npz")
    writer.write({"y": np.zeros((2, 3))})
    with pytest.raises(GraphError) as caught:
        writer.write({"y": np.zeros((2, 4))})
    assert caught.value.message == "output 'y' has shape [2, 4] in one batch and [2, 3] in those before"
    assert caught.value.hint == "a --batch-size of all the rows makes one batch of them"
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_columns_as_arrays() -> None:
    batch = pa.record_batch({"x": [[1.0, 2.0], [3.0, 4.0]], "n": [1, 2], "town": pa.array(["a", "b"]).dictionary_encode(), "gap": [1.0, None]})
    found = arrays_of(batch)
    assert {name: array.shape for name, array in found.items()} == {"x": (2, 2), "n": (2,), "town": (2,), "gap": (2,)}
    assert found["town"].tolist() == ["a", "b"]
    assert np.isnan(found["gap"][1])
    for column, holds in ([[1.0], []], "a list of 0 in row 1 and one of 1 in row 0"), (["a", None], "string with missing or other values"):
        with pytest.raises(UsageError) as caught:
            arrays_of(pa.record_batch({"x": column}))
        assert caught.value.message == f"column 'x' holds {holds}, which an .npz cannot hold"
        assert caught.value.hint == "write .parquet, .arrow or .jsonl"
