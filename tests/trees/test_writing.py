"""Random ensembles through ONNX Runtime: every leaf of every row in every tree is the one that the definition says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.errors import UsageError
from converter.trees import Comparison, Document, Ensemble, beside_splits, columns_of, decide, scores

SPECIAL = (0.0, -0.0, 1e-45, -1e-45, 1.7e9, 3.4e38, -3.4e38, 0.1, 1e-300, np.inf, -np.inf)


def ensemble_of(
    seed: int,
    *,
    trees: int,
    depth: int,
    targets: int,
    comparison: Comparison = Comparison.LEQ,
    vectors: bool = False,
    sets: bool = False,
    width: int = 4,
) -> Ensemble:
    """A random ensemble: some trees are one leaf, thresholds are often awkward numbers, NaN goes anywhere."""
    rng = np.random.default_rng(seed)
    nodes: list[tuple[int, float, int, int, bool, int]] = []

    def grow(level: int) -> int:
        number = len(nodes)
        nodes.append((0, 0.0, number, number, False, -1))
        if level < depth and rng.random() < 0.8:
            feature = int(rng.integers(width))
            threshold = float(rng.choice(SPECIAL[:-2])) if rng.random() < 0.3 else float(rng.normal())
            asked = int(rng.integers(6)) if sets and feature == 0 else -1
            yes, no = grow(level + 1), grow(level + 1)
            nodes[number] = (feature, threshold, yes, no, bool(rng.random() < 0.5), asked)
        return number

    roots = [grow(0) for _ in range(trees)]
    features, thresholds, yes, no, missing, asked = (np.array(column) for column in zip(*nodes, strict=True))
    leaf = yes == np.arange(len(nodes))
    tree = np.searchsorted(roots, np.arange(len(nodes)), "right") - 1
    counts = np.where(leaf, targets if vectors else 1, 0)
    members = [np.unique(rng.integers(0, 70, rng.integers(1, 40))) for _ in range(6)]
    return Ensemble(
        width=width,
        targets=targets,
        roots=np.array(roots),
        features=features,
        thresholds=thresholds.astype(float),
        yes=yes,
        no=no,
        missing=missing,
        leaf_starts=np.append(0, np.cumsum(counts)),
        leaf_targets=np.tile(np.arange(targets), int(leaf.sum())) if vectors else (tree % targets)[leaf],
        leaf_weights=rng.normal(size=counts.sum()),
        base=rng.normal(size=targets),
        comparison=comparison,
        covers=rng.integers(1, 99, len(nodes)).astype(float),
        sets=asked if sets else None,
        set_starts=np.append(0, np.cumsum(list(map(len, members)))) if sets else None,
        set_members=np.concatenate(members) if sets else None,
    )


def rows_of(ensemble: Ensemble, seed: int, dtype: str, rows: int = 200) -> np.ndarray:
    """Rows on, below and above thresholds, missing, infinite, with categories known and unknown."""
    rng = np.random.default_rng(seed)
    columns = [replace(column, nan=True, infinite=True, zero=True, unknown=True, negative=True) for column in columns_of(ensemble)]
    drawn = np.stack([column.draw(rng, rows, np.dtype(dtype)) for column in columns], axis=1)
    if ensemble.sets is not None:
        drawn[:, 0] = np.where(np.isfinite(drawn[:, 0]), np.trunc(np.clip(drawn[:, 0], -100, 100)), drawn[:, 0])
        return drawn
    half = rows // 2
    drawn[:half] = beside_splits(ensemble, drawn[:half], rng)
    return drawn


def run(ensemble: Ensemble, rows: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The scores and the leaves that ONNX Runtime gives."""
    answers = []
    dtype = rows.dtype.name
    for name in ("scores", "leaves"):
        document = Document(21)
        matrix = document.input("rows", dtype, ["batch", ensemble.width])
        if name == "scores":
            document.output(name, document.scores(ensemble, matrix, dtype), dtype, ["batch", ensemble.targets])
        else:
            document.output(name, document.leaves(ensemble, matrix, dtype, np.arange(ensemble.nodes)), "int64", ["batch", ensemble.trees])
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
    path: Path, *, seed: int, trees: int, depth: int, targets: int, comparison: Comparison, vectors: bool, sets: bool, dtype: str
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


def test_a_large_ensemble_is_written_in_blocks(path: Path) -> None:
    ensemble = ensemble_of(3, trees=300, depth=12, targets=3, width=20)
    rows = rows_of(ensemble, 3, "float32", rows=300)
    told, leaves = run(ensemble, rows, path)
    np.testing.assert_array_equal(leaves, decide(ensemble, rows))
    np.testing.assert_allclose(told, scores(ensemble, rows), rtol=1e-4, atol=1e-4)
    document = Document(21)
    document.output("scores", document.scores(ensemble, document.input("rows", "float32", ["batch", 20])), "float32", ["batch", 3])
    document.write(path)
    operators = [node.op_type for node in onnx.load(path).graph.node if node.domain == "ai.onnx.ml"]
    assert len(operators) > 3


def test_the_same_ensemble_gives_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for number in range(2):
        ensemble = ensemble_of(5, trees=20, depth=6, targets=2, sets=True)
        document = Document(21)
        document.output("scores", document.scores(ensemble, document.input("rows", "float32", ["batch", 4])), "float32", ["batch", 2])
        document.write(tmp_path / f"{number}.onnx")
        written.append((tmp_path / f"{number}.onnx").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("wrong", ["threshold", "leaf", "tree"])
def test_a_fault_is_seen_on_rows_beside_the_splits(wrong: str) -> None:
    """One threshold a step off, two leaves swapped, a tree missing: the drawn rows tell."""
    ensemble = ensemble_of(8, trees=10, depth=5, targets=1)
    leaf = ensemble.is_leaf
    if wrong == "threshold":
        moved = ensemble.thresholds.copy()
        at = next(root for root in ensemble.roots if not leaf[root] and 1e-3 < ensemble.thresholds[root] < 9)
        moved[at] = np.nextafter(np.float32(moved[at]), np.float32(9e9))
        other = replace(ensemble, thresholds=moved)
    elif wrong == "leaf":
        weights = ensemble.leaf_weights.copy()
        weights[[0, 1]] = weights[[1, 0]]
        other = replace(ensemble, leaf_weights=weights)
    else:
        mine = np.searchsorted(ensemble.roots, np.nonzero(leaf)[0], "right") - 1
        other = replace(ensemble, leaf_weights=np.where(mine == 4, 0.0, ensemble.leaf_weights))
    rng = np.random.default_rng(0)
    drawn = np.stack([column.draw(rng, 4000, np.dtype(np.float32)) for column in columns_of(ensemble)], axis=1)
    rows = beside_splits(ensemble, drawn, rng)
    assert (scores(other, rows) != scores(ensemble, rows)).any()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"features": np.full(7, 9)}, "a feature that is none of the 4"),
        ({"yes": np.full(7, 99)}, "a child lies outside its tree"),
        ({"thresholds": np.zeros(2)}, "different lengths"),
        ({"base": np.zeros(5)}, "none of the 1"),
    ],
)
def test_damaged_ensembles_are_refused(change: dict[str, Any], fault: str) -> None:
    whole = Ensemble(
        width=4,
        targets=1,
        roots=np.array([0]),
        features=np.array([0, 1, 0, 0, 2, 0, 0]),
        thresholds=np.zeros(7),
        yes=np.array([1, 2, 2, 3, 5, 5, 6]),
        no=np.array([4, 3, 2, 3, 6, 5, 6]),
        missing=np.zeros(7, bool),
        leaf_starts=np.array([0, 0, 0, 1, 2, 2, 3, 4]),
        leaf_targets=np.zeros(4, int),
        leaf_weights=np.ones(4),
        base=np.zeros(1),
    )
    whole.check()
    with pytest.raises(UsageError) as caught:
        replace(whole, **change).check()
    assert fault in caught.value.message
    assert "cut off" in caught.value.hint
