"""Random ensembles through ONNX Runtime: every leaf of every row in every tree is the one that the definition says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble, add_leaves, add_scores, decide, scores
from converter.writing import Document

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]


def run(ensemble: Ensemble, rows: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The scores and the leaves that ONNX Runtime gives."""
    answers = []
    dtype = rows.dtype.name
    for name in ("scores", "leaves"):
        document = Document(21)
        matrix = document.input("rows", dtype, ["batch", ensemble.width])
        if name == "scores":
            document.output(name, add_scores(document, ensemble, matrix, dtype), dtype, ["batch", ensemble.targets])
        else:
            document.output(name, add_leaves(document, ensemble, matrix, dtype, np.arange(ensemble.nodes)), "int64", ["batch", ensemble.trees])
        document.write(path)
        onnx.checker.check_model(path, full_check=True)
        answers.append(onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"rows": rows})[0])
    return answers[0], answers[1]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trees") / "trees.onnx"


@given(
    seed=st.integers(0, 10_000),
    trees=st.integers(1, 12),
    depth=st.integers(0, 7),
    targets=st.integers(1, 4),
    comparison=st.sampled_from(Comparison),
    vectors=st.booleans(),
    sets=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=120, deadline=None)
def test_every_leaf_is_the_one_that_the_definition_says(
    path: Path,
    ensemble_of: Make,
    rows_of: Rows,
    *,
    seed: int,
    trees: int,
    depth: int,
    targets: int,
    comparison: Comparison,
    vectors: bool,
    sets: bool,
    dtype: str,
) -> None:
    ensemble = ensemble_of(seed, trees=trees, depth=depth, targets=targets, comparison=comparison, vectors=vectors, sets=sets)
    ensemble.check()
    rows = rows_of(ensemble, seed, dtype)
    told, leaves = run(ensemble, rows, path)
    np.testing.assert_array_equal(leaves, decide(ensemble, rows))
    wanted = scores(ensemble, rows)
    assert told.dtype == dtype
    allowed = np.finfo(dtype).eps * 2 * np.sqrt(trees) * (np.abs(wanted) + 4 * trees)
    assert (np.abs(told - wanted) <= allowed).all()


def test_a_large_ensemble_is_written_in_blocks(path: Path, ensemble_of: Make, rows_of: Rows) -> None:
    ensemble = ensemble_of(3, trees=300, depth=12, targets=3, width=20)
    rows = rows_of(ensemble, 3, "float32", rows=300)
    told, leaves = run(ensemble, rows, path)
    np.testing.assert_array_equal(leaves, decide(ensemble, rows))
    np.testing.assert_allclose(told, scores(ensemble, rows), rtol=1e-4, atol=1e-4)
    document = Document(21)
    document.output("scores", add_scores(document, ensemble, document.input("rows", "float32", ["batch", 20])), "float32", ["batch", 3])
    document.write(path)
    operators = [node.op_type for node in onnx.load(path).graph.node if node.domain == "ai.onnx.ml"]
    assert len(operators) > 3


def test_the_same_ensemble_gives_the_same_bytes(tmp_path: Path, ensemble_of: Make) -> None:
    written = []
    for number in range(2):
        ensemble = ensemble_of(5, trees=20, depth=6, targets=2, sets=True)
        document = Document(21)
        document.output("scores", add_scores(document, ensemble, document.input("rows", "float32", ["batch", 4])), "float32", ["batch", 2])
        document.write(tmp_path / f"{number}.onnx")
        written.append((tmp_path / f"{number}.onnx").read_bytes())
    assert written[0] == written[1]


def test_what_no_output_needs_is_left_out(path: Path) -> None:
    document = Document(21)
    x = document.input("x", "float32", ["batch"])
    doubled = document.node("Add", x, document.constant(np.ones(1, np.float32)))
    document.node("Neg", doubled)
    around = document.node("Exp", x)
    chosen = document.graph(lambda: (document.node("Log", around), document.node("Abs", around))[1])
    yes = document.constant(np.array(True))
    document.output("y", document.node("If", yes, then_branch=chosen, else_branch=chosen), "float32", ["batch"])
    document.write(path)
    graph = onnx.load(path).graph
    assert [node.op_type for node in graph.node] == ["Exp", "If", "Identity"]
    assert [node.op_type for node in graph.node[1].attribute[0].g.node] == ["Abs", "Identity"]
    assert [each.name for each in graph.initializer] == [yes]


def test_a_graph_inside_takes_several_values_and_gives_several(path: Path) -> None:
    """Fibonacci's numbers, and a value around that is given as it is."""
    document = Document(21)
    first, second = (document.constant(np.array(each, np.int64)) for each in (0, 1))
    always, times = document.constant(np.array(True)), document.input("times", "int64", [])
    body = document.graph(
        lambda _, going, last, this: [going, this, document.node("Add", last, this)], [("int64", ()), ("bool", ()), ("int64", None), ("int64", None)]
    )
    found = document.nodes("Loop", times, always, first, second, outputs=2, body=body)
    for name, value in zip(("last", "this"), found, strict=True):
        document.output(name, value, "int64", [])
    document.write(path)
    onnx.checker.check_model(path, full_check=True)
    assert onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"times": np.array(10)}) == [55, 89]


def test_what_is_there_is_not_added_again(ensemble_of: Make) -> None:
    document = Document(21)
    x = document.input("x", "float32", ["batch", 4])
    assert document.constant(np.arange(2)) == document.constant(np.arange(2)) != document.constant(np.arange(2, dtype=np.int32))
    assert document.constant(np.array([0.0])) != document.constant(np.array([-0.0]))
    assert document.node("Add", x, x) == document.node("Add", x, x) != document.node("Mul", x, x)
    assert document.node("Softmax", x, axis=0) != document.node("Softmax", x, axis=1)
    assert add_scores(document, ensemble_of(1, trees=3, depth=3), x) == add_scores(document, ensemble_of(1, trees=3, depth=3), x)
    assert add_scores(document, ensemble_of(2, trees=3, depth=3), x) != add_scores(document, ensemble_of(1, trees=3, depth=3), x)


def test_graphs_inside_read_what_is_around_them_and_tell_nothing_to_it(path: Path) -> None:
    document = Document(21)
    x, which = document.input("x", "float32", ["batch"]), document.input("which", "bool", [])
    doubled = document.node("Add", x, x)
    ways = [
        document.graph(lambda: [document.node("Abs", document.node("Add", x, x))] * 2),
        document.graph(lambda: [doubled, document.node("Neg", x)]),
    ]
    found = document.nodes("If", which, outputs=2, then_branch=ways[0], else_branch=ways[1])
    for name, value in zip("abc", (*found, document.node("Abs", doubled)), strict=True):
        document.output(name, value, "float32", ["batch"])
    document.write(path)
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows = np.array([-1, 2], np.float32)
    assert [each.tolist() for each in session.run(None, {"x": rows, "which": np.array(True)})] == [[2, 4]] * 3
    assert [each.tolist() for each in session.run(None, {"x": rows, "which": np.array(False)})] == [[-2, 4], [1, -2], [2, 4]]
