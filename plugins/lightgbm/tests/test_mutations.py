"""A graph of 200 trees with one fault, wherever it lies, is refused by the proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightgbm import Booster, Dataset, train

import converter
from converter.trees import Ensemble
from converter_lightgbm.ensemble import ensemble_of
from converter_lightgbm.exporters import direct

Mutation = Callable[[Ensemble, np.random.Generator, str], Ensemble]
SETTINGS: dict[str, Any] = {"objective": "binary", "num_leaves": 31, "min_data_per_group": 5, "cat_smooth": 1, "verbose": -1, "num_threads": 1}
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def large() -> Booster:
    """200 trees of 31 leaves that tell a noisy target by numbers, some missing, and by 40 categories."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(8000, 8))
    rows[:, 0] = rng.integers(0, 40, 8000)
    target = rows[:, 1:5].sum(axis=1) + np.isin(rows[:, 0], [1, 4, 7, 22, 33]) + 2 * rng.normal(size=8000) > 0
    rows[:, 1:3] = np.where(rng.random((8000, 2)) < 0.1, np.nan, rows[:, 1:3])
    return train(SETTINGS, Dataset(rows, target, categorical_feature=[0], params=SETTINGS), 200)


def one_step_off(ensemble: Ensemble, rng: np.random.Generator, dtype: str) -> Ensemble:
    """The threshold of one split is the next number of the dtype, above or below."""
    assert ensemble.sets is not None
    split = rng.choice(np.nonzero(~ensemble.is_leaf & (ensemble.sets < 0))[0])
    kind = np.dtype(dtype).type
    held = kind(ensemble.thresholds[split])
    at = held if held <= ensemble.thresholds[split] else np.nextafter(held, kind(-np.inf))
    thresholds = ensemble.thresholds.copy()
    thresholds[split] = np.nextafter(at, kind(rng.choice([-np.inf, np.inf])))
    return replace(ensemble, thresholds=thresholds)


def leaves_swapped(ensemble: Ensemble, rng: np.random.Generator, dtype: str) -> Ensemble:
    """Two leaves of one tree have each other's weight."""
    del dtype
    weights = ensemble.leaf_weights.copy()
    start = ensemble.leaf_starts[rng.choice(ensemble.roots)]
    first, second = start + rng.choice(31, 2, replace=False)
    weights[[first, second]] = weights[[second, first]]
    return replace(ensemble, leaf_weights=weights)


def a_tree_less(ensemble: Ensemble, rng: np.random.Generator, dtype: str) -> Ensemble:
    """Nothing of one tree counts."""
    del dtype
    weights = ensemble.leaf_weights.copy()
    start = ensemble.leaf_starts[rng.choice(ensemble.roots)]
    weights[start : start + 31] = 0
    return replace(ensemble, leaf_weights=weights)


def missing_elsewhere(ensemble: Ensemble, rng: np.random.Generator, dtype: str) -> Ensemble:
    """One split sends NaN to its other child."""
    del dtype
    assert ensemble.sets is not None
    knows = ~ensemble.is_leaf & (ensemble.sets < 0) & np.isin(ensemble.features, [1, 2])
    missing = ensemble.missing.copy()
    split = rng.choice(np.nonzero(knows)[0])
    missing[split] = ~missing[split]
    return replace(ensemble, missing=missing)


def a_category_less(ensemble: Ensemble, rng: np.random.Generator, dtype: str) -> Ensemble:
    """One set lacks one of its categories."""
    del dtype
    assert ensemble.set_starts is not None
    assert ensemble.set_members is not None
    gone = int(rng.integers(len(ensemble.set_members)))
    starts = ensemble.set_starts - (ensemble.set_starts > gone)
    return replace(ensemble, set_starts=starts, set_members=np.delete(ensemble.set_members, gone))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("mutation", "dtype"),
    [
        (one_step_off, "float32"),
        (one_step_off, "float64"),
        (leaves_swapped, "float32"),
        (a_tree_less, "float32"),
        (missing_elsewhere, "float32"),
        (a_category_less, "float32"),
    ],
)
def test_one_fault_is_refused(large: Booster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mutation: Mutation, dtype: str, seed: int) -> None:
    def wrong(*given: Any) -> Ensemble:
        return mutation(ensemble_of(*given), np.random.default_rng(seed), dtype)

    monkeypatch.setattr(direct, "ensemble_of", wrong)
    report = converter.convert(large, tmp_path / "model.onnx", exporter="direct", options={"dtype": dtype})
    assert not report.agrees
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_without_a_fault_it_agrees(large: Booster, tmp_path: Path, dtype: str) -> None:
    assert converter.convert(large, tmp_path / "model.onnx", exporter="direct", options={"dtype": dtype}).agrees
