"""Symmetric trees: found, and written without a walk so that every leaf of every row is the one that the definition says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.trees import Comparison, Ensemble, add_leaves, add_scores, decide, scores
from converter.trees.symmetric import symmetric_of
from converter.writing import Document

AWKWARD = (0.0, -0.0, 1e-45, 3.4e38, -3.4e38, 0.1, 1.7e9, np.inf, -np.inf)
WIDTH = 5
Rows = Callable[..., np.ndarray]


def symmetric_ensemble(seed: int, depths: list[int], *, targets: int = 1, comparison: Comparison = Comparison.LEQ) -> Ensemble:
    """A random ensemble of symmetric trees; leaves add to every target, or to one; NaN goes anywhere."""
    rng = np.random.default_rng(seed)
    depth = np.array(depths)
    sizes = (2 << depth) - 1
    roots = np.cumsum(sizes) - sizes
    nodes = int(sizes.sum())
    root = np.repeat(roots, sizes)
    place = np.arange(nodes) - root
    level = np.log2(place + 1).astype(int)
    leaf = level == np.repeat(depth, sizes)
    split = np.repeat(np.arange(len(depth)), sizes) * (depth.max() + 1) + level  # one for each level of each tree
    count = len(depth) * (int(depth.max()) + 1)
    thresholds = np.where(rng.random(count) < 0.2, rng.choice(AWKWARD, count), rng.normal(size=count))
    missing = (rng.random(count) < 0.5) | (np.isposinf(thresholds) & (comparison is Comparison.LEQ))
    each = targets if seed % 2 else 1
    return Ensemble(
        width=WIDTH,
        targets=targets,
        roots=roots,
        features=rng.integers(0, WIDTH, count)[split],
        thresholds=thresholds[split],
        yes=np.where(leaf, np.arange(nodes), root + 2 * place + 1),
        no=np.where(leaf, np.arange(nodes), root + 2 * place + 2),
        missing=missing[split],
        leaf_starts=np.append(0, np.cumsum(leaf * each)),
        leaf_targets=np.tile(np.arange(targets), int(leaf.sum())) if each > 1 else rng.integers(0, targets, int(leaf.sum())),
        leaf_weights=rng.normal(size=int(leaf.sum()) * each),
        base=rng.normal(size=targets),
        comparison=comparison,
    )


def written(ensemble: Ensemble, path: Path, answer: str, dtype: str = "float32", opset: int = 21) -> onnx.ModelProto:
    document = Document(opset)
    matrix = document.input("rows", dtype, ["batch", ensemble.width])
    if answer == "scores":
        document.output(answer, add_scores(document, ensemble, matrix, dtype), dtype, ["batch", ensemble.targets])
    else:
        document.output(answer, add_leaves(document, ensemble, matrix, dtype, np.arange(ensemble.nodes)), "int64", ["batch", ensemble.trees])
    document.write(path)
    onnx.checker.check_model(path, full_check=True)
    return onnx.load(path)


def walks(model: onnx.ModelProto) -> bool:
    return any(node.domain == "ai.onnx.ml" for node in model.graph.node)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("symmetric") / "trees.onnx"


def check_answers(ensemble: Ensemble, rows: np.ndarray, path: Path) -> None:
    """Leaves are those of the definition, scores are theirs but for rounding, for few rows and for several chunks of many."""
    dtype = rows.dtype.name
    wanted = {"leaves": decide(ensemble, rows), "scores": scores(ensemble, rows)}
    for answer, values in wanted.items():
        assert not walks(written(ensemble, path, answer, dtype))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        for count in (1, 32, 33, len(rows)):
            (got,) = session.run(None, {"rows": rows[:count]})
            if answer == "leaves":
                np.testing.assert_array_equal(got, values[:count])
            else:
                assert got.dtype == dtype
                allowed = np.finfo(dtype).eps * 2 * np.sqrt(ensemble.trees) * (np.abs(values[:count]) + 4 * ensemble.trees)
                assert (np.abs(got - values[:count]) <= allowed).all()


@given(
    seed=st.integers(0, 10_000),
    depths=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    targets=st.sampled_from([1, 2, 4, 5, 9]),
    comparison=st.sampled_from(Comparison),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=30, deadline=None)
def test_every_leaf_is_the_one_that_the_definition_says(
    rows_of: Rows, path: Path, *, seed: int, depths: list[int], targets: int, comparison: Comparison, dtype: str
) -> None:
    trees = -(-512 // sum(depths))
    ensemble = symmetric_ensemble(seed, depths * trees, targets=targets, comparison=comparison)
    ensemble.check()
    check_answers(ensemble, rows_of(ensemble, seed, dtype, rows=300), path)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("targets", [1, 40])
def test_many_trees_are_written_in_parts(rows_of: Rows, path: Path, *, targets: int, missing: bool) -> None:
    ensemble = symmetric_ensemble(7, [2, 1] * 600, targets=targets)
    ensemble = replace(ensemble, missing=np.full(ensemble.nodes, missing), thresholds=np.clip(ensemble.thresholds, -9, 9))
    check_answers(ensemble, rows_of(ensemble, 7, "float32", rows=150), path)


def test_trees_of_one_depth_are_one_group() -> None:
    ensemble = symmetric_ensemble(3, [2, 4, 2, 2])
    groups = symmetric_of(ensemble)
    assert groups is not None
    assert [(group.levels, group.trees.tolist(), group.leaves.shape) for group in groups] == [(2, [0, 2, 3], (3, 4)), (4, [1], (1, 16))]
    assert [part.trees.tolist() for part in groups[0].parts(2)] == [[0, 2], [3]]


def other_threshold(ensemble: Ensemble) -> dict[str, Any]:
    return {"thresholds": np.where(np.arange(ensemble.nodes) == 2, 0.5, ensemble.thresholds)}


def other_feature(ensemble: Ensemble) -> dict[str, Any]:
    return {"features": np.where(np.arange(ensemble.nodes) == 2, (ensemble.features + 1) % WIDTH, ensemble.features)}


def other_missing(ensemble: Ensemble) -> dict[str, Any]:
    return {"missing": np.where(np.arange(ensemble.nodes) == 2, ~ensemble.missing, ensemble.missing), "thresholds": np.zeros(ensemble.nodes)}


def a_set(ensemble: Ensemble) -> dict[str, Any]:
    return {"sets": np.where(np.arange(ensemble.nodes) == 0, 0, -1), "set_starts": np.array([0, 1]), "set_members": np.array([3])}


def nan_above_infinity(ensemble: Ensemble) -> dict[str, Any]:
    return {"thresholds": np.full(ensemble.nodes, np.inf), "missing": np.zeros(ensemble.nodes, bool)}


def a_leaf_on_the_way(ensemble: Ensemble) -> dict[str, Any]:
    return {"no": np.where(np.arange(ensemble.nodes) == 0, ensemble.nodes - 1, ensemble.no)}


@pytest.mark.parametrize("change", [other_threshold, other_feature, other_missing, a_set, nan_above_infinity, a_leaf_on_the_way])
def test_what_is_not_symmetric_is_none(change: Callable[[Ensemble], dict[str, Any]]) -> None:
    ensemble = symmetric_ensemble(1, [3])
    assert symmetric_of(ensemble) is not None
    assert symmetric_of(replace(ensemble, **change(ensemble))) is None


def test_a_tree_of_one_leaf_is_none() -> None:
    assert symmetric_of(symmetric_ensemble(1, [2, 0, 2])) is None


def test_few_trees_are_walked(path: Path) -> None:
    few, many = symmetric_ensemble(5, [4] * 127), symmetric_ensemble(5, [4] * 128)
    for answer in ("scores", "leaves"):
        assert walks(written(few, path, answer))
        assert not walks(written(many, path, answer))


def test_trees_are_walked_where_an_old_opset_is_asked_for(path: Path) -> None:
    assert walks(written(symmetric_ensemble(5, [4] * 200), path, "scores", opset=12))
    assert not walks(written(symmetric_ensemble(5, [4] * 200), path, "scores", opset=13))
