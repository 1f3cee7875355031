"""Objective x boosting x what is missing x categories x dtype, on real tables: leaves one by one, sums, labels, on and beside every threshold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from lightgbm import Booster, Dataset, train
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

from converter.plugin import LoadRequest, Source
from converter_lightgbm.model import LightGBMModel, load

ROWS = 20_000
FEW = 1500  # of a developer's run
OBJECTIVES: dict[str, dict[str, Any]] = {
    "regression": {},
    "regression_l1": {},
    "roots": {"objective": "regression", "reg_sqrt": True},
    "huber": {},
    "fair": {},
    "poisson": {},
    "quantile": {"alpha": 0.7},
    "mape": {},
    "gamma": {},
    "tweedie": {},
    "binary": {"sigmoid": 1.7},
    "cross_entropy": {},
    "cross_entropy_lambda": {},
    "multiclass": {"num_class": 3},
    "digits": {"objective": "multiclass", "num_class": 10},
    "multiclassova": {"num_class": 3, "sigmoid": 0.6},
    "lambdarank": {},
    "rank_xendcg": {},
}
BOOSTINGS: dict[str, dict[str, Any]] = {
    "gbdt": {},
    "dart": {"drop_rate": 0.3},
    "rf": {"bagging_freq": 1, "bagging_fraction": 0.7, "feature_fraction": 0.7},
    "goss": {"boosting": "gbdt", "data_sample_strategy": "goss"},
}
MISSING: dict[str, dict[str, Any]] = {"nothing": {}, "nan": {}, "zero": {"zero_as_missing": True}, "unused": {"use_missing": False}}
SETTINGS = {"num_leaves": 12, "min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 1, "verbose": -1, "num_threads": 1, "seed": 1}


def _cases() -> Iterator[Any]:
    """All of them, slow; and every 11th, which in turn takes each value of each, on few rows for a developer's run."""
    everything = list(itertools.product(OBJECTIVES, BOOSTINGS, MISSING, ("numbers", "categories"), ("float32", "float64")))
    for case in everything:
        yield pytest.param(*case, ROWS, id="-".join(case), marks=pytest.mark.slow)
    for case in everything[::11]:
        yield pytest.param(*case, FEW, id="-".join([*case, "few"]))


@pytest.mark.parametrize(("objective", "boosting", "missing", "columns", "dtype", "rows"), _cases())
def test_it_answers_as_lightgbm(
    objective: str, boosting: str, missing: str, columns: str, dtype: str, rows: int, run_graph: Callable[..., dict[str, np.ndarray]]
) -> None:
    booster = _trained(objective, boosting, missing, columns)
    leaves = _loaded(booster, "leaf", dtype)
    feeds = leaves.sample(np.random.default_rng(2), {"batch": rows})
    np.testing.assert_array_equal(run_graph(leaves, feeds)["leaves"], booster.predict(feeds["features"], pred_leaf=True))
    model = _loaded(booster, "predict", dtype)
    got, want = run_graph(model, feeds), model.run(feeds)
    assert {name: answer.shape for name, answer in got.items()} == {name: answer.shape for name, answer in want.items()}
    scores = "probabilities" if "probabilities" in want else "prediction"
    assert got[scores].dtype == dtype
    if dtype == "float64":
        np.testing.assert_allclose(got[scores], want[scores], rtol=1e-12, atol=1e-15)
    else:
        np.testing.assert_allclose(got[scores], want[scores], rtol=5e-6, atol=2e-6 * max(1, np.abs(want[scores]).max()))
    if "label" in want:
        _check_labels(got["label"], want["label"], want["probabilities"], 0 if dtype == "float64" else 1e-6)


def _check_labels(got: np.ndarray, want: np.ndarray, probabilities: np.ndarray, tie: float) -> None:
    second, best = np.sort(probabilities, axis=1)[:, -2:].T
    assert best[got != want].tolist() == pytest.approx(second[got != want].tolist(), abs=tie)


def _loaded(booster: Booster, method: str, dtype: str) -> LightGBMModel:
    return load(LoadRequest(Source.of(booster), options={"method": method, "dtype": dtype}))


def _trained(objective: str, boosting: str, missing: str, columns: str) -> Booster:
    rows, target, groups = _table(objective)
    rng = np.random.default_rng(len(objective) + len(missing))
    rows = np.where(rng.random(rows.shape) < 0.1, 0 if missing == "zero" else np.nan, rows) if missing != "nothing" else rows
    categorical = np.flatnonzero(np.nanstd(rows, axis=0) > 0)[:2].tolist() if columns == "categories" else []
    for place in categorical:  # in as many categories as the column has different hundredths of its range
        low, high = np.nanmin(rows[:, place]), np.nanmax(rows[:, place])
        rows[:, place] = np.round((rows[:, place] - low) / (high - low) * 100)
    settings = {"objective": objective, "boosting": boosting, **BOOSTINGS[boosting], **OBJECTIVES[objective], **MISSING[missing], **SETTINGS}
    if objective.startswith("cross"):
        target = target * 0.8
    table = Dataset(rows, target, group=groups, categorical_feature=categorical, params={**settings, "verbose": -1})
    return train(settings, table, 20)


def _table(objective: str) -> tuple[np.ndarray, np.ndarray, list[int] | None]:
    if objective == "digits":
        rows, target = load_digits(return_X_y=True)
        return rows[:400], target[:400], None
    if objective.startswith("multiclass"):
        return *load_wine(return_X_y=True), None
    if objective in {"binary", "cross_entropy", "cross_entropy_lambda"}:
        return *load_breast_cancer(return_X_y=True), None
    rows, target = load_diabetes(return_X_y=True)
    return (rows, np.digitize(target, [100, 200]), [26] * 17) if "rank" in objective else (rows, target, None)
