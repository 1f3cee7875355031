"""Kernels and distances between rows and points, in both precisions, are those of scikit-learn and SciPy, also where rows are points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import KERNEL_PARAMS, pairwise_kernels

from converter.writing import Document, Value
from converter_sklearn.expressed import affine
from converter_sklearn.formulas.kernels import KERNELS, in_parts, kernel, power, squared_distances, summed, whitened_distances

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
RNG = np.random.default_rng(0)


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., np.ndarray]:
    """Return a function that gives what an expression makes of rows."""

    def run(write: Callable[[Value], Value], rows: np.ndarray, opset: int = 21) -> np.ndarray:
        document = Document(opset)
        dtype = rows.dtype.name
        found = write(Value(document, document.input("x", dtype, ["batch", rows.shape[1]]), dtype))
        document.output("y", found.name, found.dtype, [None, None])
        document.write(tmp_path / "graph.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"])
        answer: list[Any] = session.run(None, {"x": rows})
        return np.asarray(answer[0])

    return run


@DTYPES
@pytest.mark.parametrize("name", sorted(KERNELS))
@pytest.mark.parametrize("settings", [{}, {"gamma": 0.3, "degree": 2.5, "coef0": 0.5}, {"degree": 7}], ids=str)
def test_kernels(name: str, settings: dict[str, float], dtype: str, evaluate: Any) -> None:
    points = np.concatenate([np.zeros((1, 6)), abs(RNG.normal(size=(300, 6)))])
    rows = np.concatenate([points[:9], abs(RNG.normal(size=(50, 6))), 1e3 * abs(RNG.normal(size=(2, 6)))]).astype(dtype)
    want = pairwise_kernels(rows.astype(np.float64), points, name, **{each: value for each, value in settings.items() if each in KERNEL_PARAMS[name]})
    for opset in (17, 21):
        got = evaluate(lambda x: kernel(x, points, name, **settings), rows, opset)
        np.testing.assert_allclose(got, want, rtol=1e-4 if dtype == "float32" else 1e-10, atol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("exponent", [0, 0.5, 1, 2, 3, 10, 64, 65, -2])
def test_powers(exponent: float, evaluate: Any) -> None:
    rows = np.abs(RNG.normal(size=(50, 2))) + 0.1
    np.testing.assert_allclose(evaluate(lambda x: power(x, exponent), rows), rows**exponent, rtol=1e-13)


@DTYPES
@pytest.mark.parametrize("offset", [0, 1e6])
def test_distances_of_rows_that_are_points_and_of_rows_beside_them(offset: float, dtype: str, evaluate: Any) -> None:
    points = (RNG.normal(size=(200, 30)) + offset).astype(dtype)
    rows = np.concatenate([points, points + RNG.normal(size=points.shape).astype(dtype), points * 1000])
    got = evaluate(lambda x: squared_distances(x, points), rows)
    assert (got[np.arange(200), np.arange(200)] == 0).all()
    want = cdist(rows.astype(np.float64), points.astype(np.float64))
    np.testing.assert_allclose(np.sqrt(got), want, rtol=1e-5 if dtype == "float32" else 1e-14)


def test_a_small_distance_between_long_vectors(evaluate: Any) -> None:
    points = RNG.normal(size=(200, 30))
    rows = points + 1e-9 * RNG.normal(size=points.shape)
    got = np.sqrt(np.diagonal(evaluate(lambda x: squared_distances(x, points), rows)))
    np.testing.assert_allclose(got, np.linalg.norm(rows - points, axis=1), rtol=0.05)


@DTYPES
def test_distances_of_whole_numbers_are_exact(dtype: str, evaluate: Any) -> None:
    points, rows = RNG.integers(0, 17, (50, 20)), RNG.integers(0, 17, (100, 20))
    got = evaluate(lambda x: squared_distances(x, points), rows.astype(dtype))
    np.testing.assert_array_equal(got, ((rows[:, None] - points) ** 2).sum(axis=2))


def test_points_that_are_all_one_point(evaluate: Any) -> None:
    rows = np.array([[3.0, 4.0], [5.0, 4.0]])
    np.testing.assert_array_equal(evaluate(lambda x: squared_distances(x, [[3.0, 4.0]] * 3), rows), [[0.0] * 3, [4.0] * 3])


@pytest.mark.parametrize("count", [0, 1, 500])
def test_sums_of_terms_come_in_chunks(count: int, evaluate: Any) -> None:
    points, rows = RNG.normal(size=(400, 5)), RNG.normal(size=(count, 5))
    got = evaluate(lambda x: summed(x, points, lambda row, point: abs(row - point)), rows)
    np.testing.assert_allclose(got, cdist(rows, points, "cityblock"), rtol=1e-13)


def test_centres_may_have_matrices_of_different_widths(evaluate: Any) -> None:
    centres, rows = RNG.normal(size=(3, 4)) + 1e6, RNG.normal(size=(20, 4)) + 1e6
    matrices = [RNG.normal(size=(4, width)) for width in (4, 1, 2)]
    want = [(((rows - centre) @ matrix) ** 2).sum(axis=1) for centre, matrix in zip(centres, matrices, strict=True)]
    np.testing.assert_allclose(evaluate(lambda x: whitened_distances(x, centres, matrices), rows), np.transpose(want), rtol=1e-8)


@pytest.mark.parametrize("name", ["rbf", "laplacian"])
def test_many_points_are_asked_some_rows_at_a_time(name: str, evaluate: Any) -> None:
    points, rows, weights = RNG.normal(size=(2000, 3)), RNG.normal(size=(300, 3)), RNG.normal(size=(2000, 2))
    got = evaluate(lambda x: in_parts(x, points, 2, lambda some: affine(kernel(some, points, name), weights)), rows)
    np.testing.assert_allclose(got, pairwise_kernels(rows, points, name) @ weights, rtol=1e-9, atol=1e-9)
