"""What arithmetic on values adds to a graph gives what NumPy gives, in both precisions and under older opsets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.writing import Document, Value, Ways, either, in_chunks, loop, side_by_side, stacked, with_ways

ROW = np.array([0.5, -2.0, 3.0])
WEIGHTS = np.arange(12.0).reshape(3, 4) - 5


def _doubled(number: Value, x: Value, kept: Value) -> tuple[Value, list[Value]]:
    """Three times, whatever the loop allows; the second value stays."""
    return number < 2, [x * 2, kept]


CASES: dict[str, tuple[Callable[[Value], Value], Callable[[np.ndarray], Any]]] = {
    "scale": (lambda x: (x - ROW) / 3, lambda x: (x - ROW) / 3),
    "array first": (lambda x: ROW - x * 2 + 1, lambda x: ROW - x * 2 + 1),
    "one over": (lambda x: 1 / (x * x + 1), lambda x: 1 / (x * x + 1)),
    "powers": (lambda x: abs(x) ** 1.5, lambda x: abs(x) ** 1.5),
    "affine": (lambda x: x @ WEIGHTS + 1, lambda x: x @ WEIGHTS + 1),
    "compare": (lambda x: ((x > ROW) & (x <= 2)) | (x == 0), lambda x: ((x > ROW) & (x <= 2)) | (x == 0)),
    "not": (lambda x: ~(x < 0) & (x != 1) & (x >= -9), lambda x: ~(x < 0) & (x != 1)),
    "where": (lambda x: (x > 0).where(x, -1), lambda x: np.where(x > 0, x, -1)),
    "unary": (lambda x: (-x).tanh() + x.sign() * x.sigmoid() + x.floor(), lambda x: np.tanh(-x) + np.sign(x) / (1 + np.exp(-x)) + np.floor(x)),
    "exponentials": (lambda x: x.exp().log() + abs(x).sqrt() + x.positive(), lambda x: x + np.sqrt(abs(x)) + np.maximum(x, 0)),
    "clip": (lambda x: x.clip(-1, ROW + 2), lambda x: np.minimum(np.maximum(x, -1), ROW + 2)),
    "nan": (lambda x: (x > 0).where(x, np.nan).isnan(), lambda x: ~(x > 0)),
    "sums": (lambda x: x.sum() + x.sum(keep=False).wide(), lambda x: 2 * x.sum(1, keepdims=True)),
    "reductions": (
        lambda x: side_by_side([x.mean(), x.max(), x.min(), x.product(), x.norm(), x.logsumexp()]),
        lambda x: np.stack([x.mean(1), x.max(1), x.min(1), x.prod(1), np.linalg.norm(x, axis=1), np.log(np.exp(x).sum(1))], axis=1),
    ),
    "places": (lambda x: stacked([x.argmax(), x.argmin()]), lambda x: np.stack([x.argmax(1), x.argmin(1)], axis=1)),
    "softmax": (lambda x: x.softmax(), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    "running": (lambda x: x.cumsum(), lambda x: x.cumsum(1)),
    "top": (lambda x: side_by_side([x.top(2, largest=True)[0], x.along(x.top(1, largest=False)[1])]), lambda x: -np.sort(-x, axis=1)),
    "columns": (lambda x: side_by_side([x.columns([2, 0]), x.column(1).wide()]), lambda x: x[:, [2, 0, 1]]),
    "rows of a table": (lambda x: x.constant(WEIGHTS)[x.argmax()], lambda x: WEIGHTS[x.argmax(1)]),
    "shapes": (lambda x: x.reshaped(0, 3, 1).transposed(0, 2, 1).flat(), np.ravel),
    "for each row": (lambda x: x.for_each_row(ROW) + x, lambda x: ROW + x),
    "anywhere": (lambda x: ((x > 9).any() | (x < 9).any()).where(x, 0), lambda x: x),
    "loop": (lambda x: loop(_doubled, [x, x.sum(keep=False)], 9)[0], lambda x: x * 8),
    "loop to its end": (lambda x: loop(_doubled, [x, x.sum(keep=False)], 2)[1], lambda x: x.sum(1)),
    "chunks": (lambda x: in_chunks(lambda rows: [rows @ WEIGHTS], x, 3, 4)[0], lambda x: x @ WEIGHTS),
    "chunks of columns": (
        lambda x: stacked(in_chunks(lambda rows: [rows.column(0), rows.max(keep=False)], x, 3, 3)),
        lambda x: np.stack([x[:, 0], x.max(1)], 1),
    ),
    "either": (
        lambda x: either((x < 9).any(), lambda: [x * 2, x], lambda: [x, x])[0] + either((x > 9).any(), lambda: [x], lambda: [-x])[0],
        lambda x: x,
    ),
    "as many as the graph says": (lambda x: x.top((x > -9).cast("int64").sum().max(0, keep=False), largest=True)[0], lambda x: -np.sort(-x, axis=1)),
    "nothing at all": (
        lambda x: side_by_side([(x * 0).log().logsumexp(), x.logsumexp()]),
        lambda x: np.stack([np.full(7, -np.inf), np.log(np.exp(x).sum(1))], 1),
    ),
    "one chunk": (lambda x: in_chunks(lambda rows: [rows * 2], x, 3, 99)[0], lambda x: x * 2),
    "cast": (lambda x: (x.cast("int64") * 2).cast(x.dtype), lambda x: np.trunc(x) * 2),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("opset", [17, 21])
def test_it_gives_what_numpy_gives(name: str, dtype: str, opset: int, tmp_path: Path) -> None:
    ours, wanted = CASES[name]
    rows = np.random.default_rng(0).normal(size=(7, 3)).astype(dtype)
    rows[0, 0] = 0
    document = Document(opset)
    found = ours(Value(document, document.input("x", dtype, ["batch", 3]), dtype))
    want = np.asarray(wanted(rows.astype(np.float64)))
    document.output("y", found.name, found.dtype, [None] * want.ndim)
    document.write(tmp_path / "graph.onnx")
    onnx.checker.check_model(tmp_path / "graph.onnx", full_check=True)
    (got,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": rows})
    assert got.dtype == found.dtype == (dtype if want.dtype.kind == "f" else want.dtype)
    np.testing.assert_allclose(got, want, rtol=1e-5 if dtype == "float32" else 1e-13, atol=1e-6 if dtype == "float32" else 1e-14)


def test_texts_are_constants_too(tmp_path: Path) -> None:
    document = Document(21)
    x = Value(document, document.input("x", "int64", ["batch"]), "int64")
    found = x.constant(np.array(["a", "bc", "ü"]), "string")[x]
    document.output("y", found.name, found.dtype, ["batch"])
    document.write(tmp_path / "graph.onnx")
    (got,) = onnxruntime.InferenceSession(tmp_path / "graph.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": np.array([2, 0])})
    assert got.tolist() == ["ü", "a"]


def test_a_value_that_knows_ways_around_it_is_not_multiplied(tmp_path: Path) -> None:
    document = Document(21)
    x = Value(document, document.input("x", "float64", ["batch", 2]), "float64")
    large = with_ways(x * 1, Ways(lambda dtype: (x * 2).cast(dtype), lambda factors: x * float(factors.sum())))
    again = Value(document, large.name, "float64")  # as the next step of a pipeline reads it
    document.output("product", (again @ np.ones((2, 1))).name, "float64", [None, None])
    document.output("cast", again.cast("float32").name, "float32", [None, None])
    document.write(tmp_path / "graph.onnx")
    assert [node.op_type for node in onnx.load(tmp_path / "graph.onnx").graph.node] == ["Mul", "Identity", "Cast", "Identity"]
    product, cast = onnxruntime.InferenceSession(tmp_path / "graph.onnx").run(None, {"x": np.array([[1.0, 3.0]])})
    assert (product.tolist(), cast.tolist()) == ([[2, 6]], [[2, 6]])
