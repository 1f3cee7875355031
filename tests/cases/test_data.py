"""The user's own samples: arrays, tables and images become cases, or say why they cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from converter.cases.data import Data, read_data
from converter.errors import ConverterError, InputError, MissingPackage, SourceNotFound, UnreadableSource, UsageError
from converter.images import METADATA_KEY, ImagePreparation
from converter.specs import Axis, Input, ModelSpec, Output

PAST = Input("past", "float32", ("batch", "past"))
MASK = Input("mask", "int64", ("batch", "past + length"))
AXES = {"batch": Axis(), "past": Axis(), "length": Axis()}


def model(*inputs: Input, **metadata: str) -> ModelSpec:
    return ModelSpec(inputs, (Output("y"),), AXES, metadata=metadata)


def cases(path: Path, *inputs: Input) -> list[tuple[str, dict[str, int], dict[str, Any]]]:
    planned = read_data([str(path)]).cases(model(*inputs))
    return [(each.origin, dict(each.sizes), {name: array.tolist() for name, array in (each.feeds or {}).items()}) for each in planned]


def written(path: Path, **columns: Any) -> Path:
    table = pa.table(columns)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    elif path.suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    else:
        rows = [",".join(columns), *(",".join("" if value is None else str(value) for value in row) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(rows) + "\n")
    return path


def refusal(error: type[ConverterError], path: Path | str, *inputs: Input) -> tuple[str, str]:
    with pytest.raises(error) as caught:
        read_data([str(path)]).cases(model(*inputs))
    assert type(caught.value) is error
    return caught.value.message, caught.value.hint


def test_an_npz_holds_the_feeds_of_a_case(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", past=np.ones((2, 3)), mask=np.zeros((2, 5), np.int8))
    ((origin, sizes, feeds),) = cases(tmp_path / "mine.npz", PAST, MASK)
    assert (origin, sizes) == ("mine.npz", {"batch": 2, "past": 3, "length": 2})
    assert feeds == {"past": [[1.0] * 3] * 2, "mask": [[0] * 5] * 2}


def test_an_npy_is_the_only_input(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6.0).reshape(2, 3))
    ((origin, sizes, feeds),) = cases(tmp_path / "x.npy", PAST)
    assert (origin, sizes, feeds) == ("x.npy", {"batch": 2, "past": 3}, {"past": [[0, 1, 2], [3, 4, 5]]})


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".feather"])
def test_a_table_gives_its_columns_and_two_cases(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"people{suffix}", age=[31, 42, 53], height=[1.5, None, 2.5], town=["Ulm", "", "Jena"])
    found = cases(path, Input("features", "float32", ("batch", 2), columns=("age", "height")), Input("town", "string", ("batch", 1)))
    assert [(origin, sizes) for origin, sizes, _ in found] == [(f"people{suffix}, 3 rows", {"batch": 3}), (f"people{suffix}, last row", {"batch": 1})]
    assert np.array_equal(found[0][2]["features"], [[31, 1.5], [42, np.nan], [53, 2.5]], equal_nan=True)
    assert found[0][2]["town"] == [["Ulm"], [""], ["Jena"]]
    assert found[1][2] == {"features": [[53, 2.5]], "town": [["Jena"]]}
    columns = read_data([str(path)]).columns
    assert columns is not None
    assert {name: column.dtype.kind for name, column in columns.items()} == {"age": "i", "height": "f", "town": "O"}


def test_truth_values_of_a_table(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet", yes=[True, False])
    assert cases(path, Input("yes", "bool", ("batch",)))[0][2] == {"yes": [True, False]}


def test_a_long_table_is_one_case_of_its_first_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", x=list(range(1000)))
    found = cases(path, Input("x", "float32", ("batch",)))
    assert [(origin, sizes["batch"]) for origin, sizes, _ in found] == [("t.csv, 256 rows", 256), ("t.csv, last row", 1)]
    assert found[1][2] == {"x": [999]}


def test_images_are_prepared_as_the_metadata_says(tmp_path: Path) -> None:
    from PIL import Image

    for number in (2, 1):
        Image.new("L", (8, 4), 255 * (number - 1)).save(tmp_path / f"{number}.png")
    preparation = ImagePreparation("images", 4, 8, "L", mean=(0.0,), std=(1.0,))
    spec = model(Input("images", "float32", ("batch", 1, 4, 8)), **{METADATA_KEY: preparation.to_json()})
    (planned,) = read_data([str(tmp_path / "*.png")]).cases(spec)
    assert (planned.origin, planned.sizes) == ("2 images", {"batch": 2})
    assert planned.feeds is not None
    assert planned.feeds["images"][:, 0, 0, 0].tolist() == [0, 1]


def test_nothing_gives_nothing() -> None:
    assert read_data([]) == Data()
    assert Data().cases(model(PAST)) == []


X = Input("x", "float32", ("batch", 2), columns=("a", "b"))


def test_what_is_missing(tmp_path: Path) -> None:
    assert refusal(SourceNotFound, tmp_path / "none*.npz") == (f"{tmp_path / 'none*.npz'} does not exist", "check the path or the pattern")
    table = written(tmp_path / "t.csv", a=[1], c=[2])
    assert refusal(InputError, table, X) == ("the table has no column 'b' for input 'x'", "its columns: a, c")
    assert refusal(InputError, table, PAST, X) == ("the table has no column 'past' for input 'past'", "its columns: a, c")
    np.savez(tmp_path / "m.npz", past=np.ones((2, 3)))
    assert refusal(InputError, tmp_path / "m.npz", PAST, MASK) == (
        "m.npz holds ['past'], the model takes ['mask', 'past']",
        "an .npz has an array for each input, by its name",
    )


def test_what_does_not_fit(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", past=np.ones((2, 3)), mask=np.ones((3, 4), np.int64))
    assert refusal(InputError, tmp_path / "m.npz", PAST, MASK) == (
        "input 'mask' wants [2, 4], the data has shape [3, 4]",
        "dims: ['batch', 'past + length']",
    )
    np.save(tmp_path / "x.npy", np.ones(3))
    assert refusal(InputError, tmp_path / "x.npy", PAST) == (
        "input 'past' wants ['batch', 'past'], the data has shape [3]",
        "check the number of dims",
    )
    message, hint = refusal(InputError, written(tmp_path / "words.csv", a=["one"], b=["two"]), X)
    assert message.startswith("input 'x' wants float32, the data is object: could not convert string to float")
    assert hint == "check the column's values"
    message, _ = refusal(InputError, written(tmp_path / "t.csv", a=[1], b=[2], c=[3]), Input("x", "float32", ("batch", 2), columns=("a", "b", "c")))
    assert message == "input 'x' wants ['batch', 2], the table gives it 3 columns"
    message, _ = refusal(InputError, written(tmp_path / "n.csv", n=[1, 2]), Input("n", "string", ("batch",)))
    assert message == "input 'n' wants string, the data is int64: 1 is no text"


def test_axes_that_only_sums_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", mask=np.ones((2, 4)))
    assert refusal(InputError, tmp_path / "m.npz", MASK) == (
        "the data does not tell the lengths of past and length in 'mask'",
        "dims: ['batch', 'past + length']",
    )
    np.savez(tmp_path / "m.npz", mask=np.ones((2, 4)), past=np.ones((2, 9)))
    assert refusal(InputError, tmp_path / "m.npz", PAST, MASK)[0] == "input 'mask' wants [2, 9], the data has shape [2, 4]"


def test_a_cast_that_would_change_values_is_refused(tmp_path: Path) -> None:
    n = Input("n", "int64", ("batch",))
    message, hint = refusal(InputError, written(tmp_path / "half.csv", n=[1.0, 2.5]), n)
    assert (message, hint) == ("input 'n' wants int64, the data is float64: 2.5 is not one", "check the column's values")
    message, _ = refusal(InputError, written(tmp_path / "gap.parquet", n=[1, None]), n)
    assert message == "input 'n' wants int64, the data is float64: nan is not one"
    message, _ = refusal(InputError, written(tmp_path / "big.csv", n=[1, 300]), Input("n", "uint8", ("batch",)))
    assert message == "input 'n' wants uint8, the data is int64: 300 is not one"
    assert cases(written(tmp_path / "whole.csv", n=[1.0, 2.0]), n)[0][2] == {"n": [1, 2]}


def test_a_table_without_rows_or_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    assert refusal(InputError, tmp_path / "t.csv", X) == ("t.csv has no rows", "give at least one row of real values")
    pyarrow.parquet.write_table(pa.table({}), tmp_path / "t.parquet")
    assert refusal(InputError, tmp_path / "t.parquet", X)[0] == "t.parquet has no rows"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00v\x00", b"words"])
@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_damaged_arrays(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"m{suffix}").write_bytes(content)
    message, hint = refusal(UnreadableSource, tmp_path / f"m{suffix}", PAST)
    assert message.startswith(f"{tmp_path / f'm{suffix}'} cannot be read as arrays: ")
    assert hint == "write it with numpy.savez or numpy.save, without objects"


def test_arrays_of_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    message, _ = refusal(UnreadableSource, tmp_path / "x.npy", PAST)
    assert "allow_pickle=False" in message


def test_a_whole_npz_called_npy(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", past=np.ones((2, 3)))
    (tmp_path / "m.npz").rename(tmp_path / "x.npy")
    assert refusal(UnreadableSource, tmp_path / "x.npy", PAST)[0] == f"{tmp_path / 'x.npy'} cannot be read as arrays: it holds several"


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".feather"])
def test_damaged_tables(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"t{suffix}").write_bytes(b"")
    message, hint = refusal(UnreadableSource, tmp_path / f"t{suffix}", X)
    assert message.startswith(f"{tmp_path / f't{suffix}'} cannot be read as a table: ")
    assert hint == "a .csv wants a header line and commas"


def test_what_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    message, hint = refusal(UsageError, tmp_path / "notes.txt")
    assert message == "--data cannot read notes.txt"
    assert ".csv, .feather" in hint
    tables = [written(tmp_path / name, a=[1]) for name in ("a.csv", "b.parquet")]
    with pytest.raises(UsageError) as caught:
        read_data([str(path) for path in tables])
    assert caught.value.message == "--data wants one table at most, not a.csv and b.parquet"
    assert caught.value.hint == "join them into one file"


def test_images_without_a_preparation(tmp_path: Path) -> None:
    (tmp_path / "1.png").touch()
    assert refusal(UsageError, tmp_path / "1.png", PAST) == (
        "the model does not say how images are prepared",
        "give prepared arrays: --data samples.npz",
    )


def test_a_table_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t.csv", a=[1])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackage) as caught:
        read_data([str(path)])
    assert caught.value.message == f"pyarrow is needed to read {path}, and it is not installed"
    assert caught.value.hint == "pip install 'onnx-converter[data]'"
