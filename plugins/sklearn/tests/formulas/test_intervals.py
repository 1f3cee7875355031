"""Places among sorted numbers are those that NumPy finds, on the numbers and one step beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from converter.writing import Document, Value
from converter_sklearn.formulas.intervals import filled, places

RNG = np.random.default_rng(0)


def found(rows: np.ndarray, table: np.ndarray, folder: Path, *, right: bool) -> np.ndarray:
    """Return what a graph finds."""
    document = Document(21)
    dtype = rows.dtype.name
    value = places(Value(document, document.input("x", dtype, ["batch", rows.shape[1]]), dtype), table, right=right)
    document.output("y", value.name, value.dtype, ["batch", rows.shape[1]])
    document.write(folder / "graph.onnx")
    (got,) = onnxruntime.InferenceSession(folder / "graph.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": rows})
    return np.asarray(got)


@pytest.mark.parametrize("count", [0, 1, 24, 25, 64, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_places_of_floats(count: int, dtype: str, tmp_path: Path) -> None:
    lists = [np.sort(RNG.normal(size=size)) for size in (count, count // 2, count)]
    lists[0][count // 2 : count // 2 + 3] = lists[0][count // 2] if count else 0
    on = np.stack([RNG.choice(each, 200) if len(each) else RNG.normal(size=200) for each in lists], axis=1).astype(dtype)
    rows = np.concatenate([on, np.nextafter(on, np.array(9, dtype)), np.nextafter(on, np.array(-9, dtype)), np.full((1, 3), 99, dtype)])
    for right in (False, True):
        side = "right" if right else "left"
        want = np.stack([np.searchsorted(each, column.astype(np.float64), side) for each, column in zip(lists, rows.T, strict=True)], axis=1)
        np.testing.assert_array_equal(found(rows, filled(lists), tmp_path, right=right), want)
    assert found(np.array([[np.nan] * 3], dtype), filled(lists), tmp_path, right=True).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("count", [3, 100])
def test_places_of_whole_numbers_in_one_list(count: int, tmp_path: Path) -> None:
    known = np.unique(RNG.integers(-(2**62), 2**62, count))
    rows = np.concatenate([known[:, None] + [[0, 1]], [[-(2**63), 2**63 - 1]]])
    for right in (False, True):
        want = np.searchsorted(known, rows, "right" if right else "left")
        np.testing.assert_array_equal(found(rows, known[None], tmp_path, right=right), want)
