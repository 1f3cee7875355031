"""The proof: a graph whose trees are wrong anywhere is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn import datasets, ensemble

import converter
from converter.trees import Ensemble
from converter_sklearn.trees import forests, histograms

STEPS = 8  # splits that are moved, one after the other
MODELS = {
    "forest": ensemble.RandomForestRegressor(6, max_depth=6, random_state=0),
    "classifier": ensemble.RandomForestClassifier(6, max_depth=6, random_state=0),
    "boosting": ensemble.GradientBoostingRegressor(n_estimators=12, max_depth=4, random_state=0),
    "histograms": ensemble.HistGradientBoostingRegressor(max_iter=8, random_state=0),
}
FITTED = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in {"classifier", "histograms"} else pytest.mark.slow) for name in MODELS]
)


def fitted(name: str) -> Any:
    rows, target = datasets.load_diabetes(return_X_y=True)
    rows = np.random.default_rng(0).normal(size=rows.shape) + rows * 10  # of many different values
    return MODELS[name].fit(rows, target > 140 if name == "classifier" else target)


def published(estimator: Any, folder: Path) -> Path:
    report = converter.convert(estimator, folder / "model.onnx", exporter="direct")
    assert report.agrees, [attempt.line for attempt in report.attempts]
    return folder / "model.onnx"


def nodes_of_trees(graph: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in graph.graph.node if node.op_type in {"TreeEnsemble", "TreeEnsembleRegressor"}]


class Numbers:
    """Some numbers of a node of trees, which may be changed: the thresholds of its splits, or what its leaves add."""

    def __init__(self, node: onnx.NodeProto, *, of_leaves: bool) -> None:
        held = {each.name: each for each in node.attribute}
        if node.op_type == "TreeEnsemble":
            self._tensor = held["leaf_weights" if of_leaves else "nodes_splits"].t
            self.values = numpy_helper.to_array(self._tensor).copy()
            return
        self._tensor = None
        self._floats = held["target_weights" if of_leaves else "nodes_values"].floats
        modes = held["nodes_modes"].strings
        self._places = range(len(self._floats)) if of_leaves else [place for place, mode in enumerate(modes) if mode != b"LEAF"]
        self.values = np.array([self._floats[place] for place in self._places], np.float32)

    def put(self, values: np.ndarray) -> None:
        if self._tensor is not None:
            self._tensor.CopyFrom(numpy_helper.from_array(values, self._tensor.name))
            return
        for place, value in zip(self._places, values, strict=True):
            self._floats[place] = value


def with_a_threshold_moved(graph: onnx.ModelProto, rng: np.random.Generator) -> None:
    """One step up or down, anywhere."""
    splits = Numbers(rng.choice(nodes_of_trees(graph)), of_leaves=False)
    place, way = rng.integers(len(splits.values)), rng.choice([-np.inf, np.inf])
    splits.values[place] = np.nextafter(splits.values[place], np.float32(way))
    splits.put(splits.values)


def with_leaves_swapped(graph: onnx.ModelProto, rng: np.random.Generator) -> None:
    """Two neighbours that differ by much."""
    leaves = Numbers(rng.choice(nodes_of_trees(graph)), of_leaves=True)
    first = int(np.abs(np.diff(leaves.values)).argmax())
    leaves.values[[first, first + 1]] = leaves.values[[first + 1, first]]
    leaves.put(leaves.values)


def with_a_tree_less(graph: onnx.ModelProto, rng: np.random.Generator) -> None:
    """Nothing of the last tree counts."""
    held = {each.name: each for each in rng.choice(nodes_of_trees(graph)).attribute}
    if "tree_roots" in held:
        held["tree_roots"].ints.pop()
        return
    trees = list(held["target_treeids"].ints)
    for place in range(trees.index(trees[-1]), len(trees)):
        held["target_weights"].floats[place] = 0


@FITTED
@pytest.mark.parametrize(
    ("mutate", "times"),
    [
        (with_a_threshold_moved, 2),
        pytest.param(with_a_threshold_moved, STEPS, marks=pytest.mark.slow),
        (with_leaves_swapped, 1),
        (with_a_tree_less, 1),
    ],
)
def test_a_wrong_graph_is_refused(name: str, mutate: Callable[[onnx.ModelProto, np.random.Generator], None], times: int, tmp_path: Path) -> None:
    estimator, rng = fitted(name), np.random.default_rng(1)
    path = published(estimator, tmp_path)
    assert converter.validate(path, against=estimator).agrees
    for _ in range(times):
        graph = onnx.load(path)
        mutate(graph, rng)
        onnx.save(graph, tmp_path / "wrong.onnx")
        report = converter.validate(tmp_path / "wrong.onnx", against=estimator)
        assert not report.agrees
        assert "output" in report.attempts[0].diagnosis


def one_step_up(ensemble: Ensemble) -> Ensemble:
    """The first tree's first threshold, one float32 up."""
    thresholds = ensemble.thresholds.copy()
    thresholds[0] = np.nextafter(np.float32(thresholds[0]), np.float32(np.inf))
    return replace(ensemble, thresholds=thresholds)


def turned_for_missing(ensemble: Ensemble) -> Ensemble:
    return replace(ensemble, missing=~ensemble.missing)


def as_it_is(ensemble: Ensemble) -> Ensemble:
    return ensemble


@pytest.mark.parametrize(
    ("name", "module", "function"), [("forest", forests, "of_vectors"), ("histograms", histograms, "ensemble_of")], ids=["forest", "histograms"]
)
@pytest.mark.parametrize("mutation", [one_step_up, turned_for_missing, as_it_is])
def test_a_wrong_graph_is_not_published(
    name: str, module: Any, function: str, mutation: Callable[[Ensemble], Ensemble], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *given: mutation(right(*given)))
    report = converter.convert(fitted(name), tmp_path / "model.onnx", exporter="direct")
    assert report.agrees == (mutation is as_it_is)
    assert (tmp_path / "model.onnx").exists() == report.agrees
