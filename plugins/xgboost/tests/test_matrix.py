"""Objective x booster x what is missing x categories x dtype x base score, on real tables: leaves one by one, sums, labels, on and beside every threshold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from xgboost import Booster, DMatrix, train

from converter.plugin import ExportRequest, LoadRequest, Source
from converter.trees import Ensemble
from converter_xgboost.model import XGBoostModel, load

ROWS, FEW_ROWS, SHARE = 20_000, 1_500, 23
OBJECTIVES: dict[str, dict[str, Any]] = {
    "reg:squarederror": {},
    "reg:squaredlogerror": {},
    "reg:logistic": {},
    "reg:pseudohubererror": {"huber_slope": 30},
    "reg:absoluteerror": {},
    "quantile": {"objective": "reg:quantileerror", "quantile_alpha": 0.7},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]},
    "reg:gamma": {},
    "reg:tweedie": {"tweedie_variance_power": 1.3},
    "count:poisson": {},
    "survival:cox": {},
    "survival:aft": {"aft_loss_distribution": "logistic"},
    "binary:logistic": {"scale_pos_weight": 2},
    "binary:logitraw": {},
    "binary:hinge": {},
    "multi:softmax": {"num_class": 3},
    "multi:softprob": {"num_class": 3},
    "digits": {"objective": "multi:softprob", "num_class": 10},
    "rank:pairwise": {},
    "rank:ndcg": {},
    "rank:map": {},
}
BOOSTERS: dict[str, dict[str, Any]] = {
    "gbtree": {},
    "dart": {"booster": "dart", "rate_drop": 0.5, "one_drop": 1},
    "gblinear": {"booster": "gblinear"},
    "forest": {"num_parallel_tree": 4, "subsample": 0.7, "colsample_bynode": 0.7},
    "targets": {},
    "vector": {"multi_strategy": "multi_output_tree"},
    "vectors": {"multi_strategy": "multi_output_tree"},
}
MISSING = {"none": np.nan, "nan": np.nan, "zero": 0.0, "minus": -1.0}
CATEGORIES: dict[str, dict[str, Any]] = {"numbers": {}, "one hot": {"max_cat_to_onehot": 1000}, "sets": {"max_cat_to_onehot": 1}}
DTYPES = ("float32", "float64")
BASES = ("estimated", "number", "each")
SETTINGS = {"nthread": 1, "seed": 1}
TREES = {"max_depth": 4, "min_child_weight": 0}
SEVERAL = ("targets", "vectors")  # the boosters that are trained on several columns of targets
ALONE = ("quantile", "quantiles", "multi", "digits", "rank", "survival")  # that XGBoost trains on one


def _trains(objective: str, booster: str, categories: str) -> bool:
    if booster in SEVERAL and objective.partition(":")[0] in ALONE:
        return False
    return categories == "numbers" or booster not in {"gblinear", "vector", "vectors"}


def _cases() -> Iterator[Any]:
    """All that XGBoost trains, each with some dtype and some base score; a share is for a developer's run, the others are slow and have more rows."""
    rng = np.random.default_rng(0)
    everything = itertools.product(OBJECTIVES, BOOSTERS, MISSING, CATEGORIES)
    for number, case in enumerate(case for case in everything if _trains(case[0], case[1], case[3])):
        full = (*case, str(rng.choice(DTYPES)), str(rng.choice(BASES)))
        rows, marks = (FEW_ROWS, []) if number % SHARE == 0 else (ROWS, [pytest.mark.slow])
        yield pytest.param(*full, rows, id="-".join(full), marks=marks)


@pytest.mark.parametrize(("objective", "booster", "missing", "categories", "dtype", "base", "rows"), _cases())
def test_it_answers_as_xgboost(objective: str, booster: str, missing: str, categories: str, dtype: str, base: str, rows: int, tmp_path: Path) -> None:
    trained = _trained(objective, booster, missing, categories, base)
    model = _loaded(trained, "predict", missing, dtype)
    assert any(column.categories for column in model.columns) == (categories != "numbers")
    feeds = model.sample(np.random.default_rng(2), {"batch": rows})
    got, want = _answers(model, feeds, tmp_path), model.run(feeds)
    assert {name: answer.shape for name, answer in got.items()} == {name: answer.shape for name, answer in want.items()}
    if booster != "gblinear":
        leaves = _loaded(trained, "leaf", missing, dtype)
        np.testing.assert_array_equal(_answers(leaves, feeds, tmp_path)["leaves"], leaves.run(feeds)["leaves"])
        _check_sums(trained, missing, dtype, feeds, tmp_path)
    scores = "probabilities" if "probabilities" in want else "prediction"
    assert got[scores].dtype == dtype
    if dtype == "float64":
        np.testing.assert_allclose(got[scores], want[scores], rtol=1e-12, atol=1e-13)
    else:
        largest = np.abs(want[scores]).max(initial=1, where=np.isfinite(want[scores]))
        np.testing.assert_allclose(got[scores], want[scores], rtol=2e-5, atol=2e-6 * largest)
    if "label" in want:
        _check_labels(got["label"], want["label"], want[scores])


def _check_sums(trained: Booster, missing: str, dtype: str, feeds: dict[str, np.ndarray], folder: Path) -> None:
    """The margins lie within 2 ULP · √trees of the double sums of XGBoost's own leaves, relative to what is added up."""
    model, exact = _loaded(trained, "raw", missing, dtype), _loaded(trained, "raw", missing, "float64")
    assert isinstance(model.scorer, Ensemble)
    got = _answers(model, feeds, folder)["raw"]
    want = exact.run({"features": feeds["features"].astype(np.float64)})["raw"]
    summed = np.abs(model.scorer.base).max() + np.abs(model.scorer.leaf_weights).max() * np.sqrt(model.scorer.trees)
    assert (np.abs(got - want) <= np.finfo(dtype).eps * 2 * np.sqrt(model.scorer.trees) * (np.abs(want) + summed)).all()


def _check_labels(got: np.ndarray, want: np.ndarray, scores: np.ndarray) -> None:
    """Labels are equal but where the two best scores are, or the one score lies at the half."""
    different = got != want
    if scores.ndim > 1 and got.ndim == 1:
        second, best = np.sort(scores, axis=1)[:, -2:].T
        np.testing.assert_allclose(best[different], second[different], atol=1e-7)
    else:
        np.testing.assert_allclose(scores[different], 0.5, atol=1e-7)


def _loaded(trained: Booster, method: str, missing: str, dtype: str) -> XGBoostModel:
    return load(LoadRequest(Source.of(trained), options={"method": method, "dtype": dtype, "missing": str(MISSING[missing])}))


def _answers(model: XGBoostModel, feeds: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    path = folder / "graph.onnx"
    model.exporters[0].write(ExportRequest(path))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def _trained(objective: str, booster: str, missing: str, categories: str, base: str) -> Booster:
    rows, target = _table(objective)
    rng = np.random.default_rng(len(objective) + len(booster))
    places = np.flatnonzero(rows.std(axis=0) > 0)[:2] if categories != "numbers" else []
    for place in places:  # in as many categories as the column has different fortieths of its range
        low, high = rows[:, place].min(), rows[:, place].max()
        rows[:, place] = np.round((rows[:, place] - low) / (high - low) * 40) + (missing == "zero")
    rows = np.where(rng.random(rows.shape) < 0.1, MISSING[missing], rows) if missing != "none" else rows
    types = ["c" if place in places else "q" for place in range(rows.shape[1])]
    if booster in SEVERAL:
        target = np.stack([target, target[::-1], np.roll(target, 7)], axis=1)
    survives = objective == "survival:aft"
    table = DMatrix(rows, None if survives else target, missing=MISSING[missing], feature_types=types, enable_categorical=True, nthread=1)
    if survives:
        table.set_float_info("label_lower_bound", target)
        table.set_float_info("label_upper_bound", np.where(target > 2, np.inf, target + 1))
    if objective.startswith("rank"):
        table.set_group([26] * 17)
    grown = {} if booster == "gblinear" else TREES
    settings = {"objective": objective, **SETTINGS, **grown, **BOOSTERS[booster], **CATEGORIES[categories], **OBJECTIVES[objective]}
    return train({**settings, **_base(objective, booster, base)}, table, 6)


def _base(objective: str, booster: str, base: str) -> dict[str, Any]:
    outputs = 3 if booster in SEVERAL or objective == "quantiles" else OBJECTIVES[objective].get("num_class", 1)
    if base == "estimated":
        return {}
    return {"base_score": 0.4 if base == "number" or outputs == 1 else np.linspace(0.2, 0.7, outputs).tolist()}


def _table(objective: str) -> tuple[np.ndarray, np.ndarray]:
    if objective == "digits":
        rows, target = load_digits(return_X_y=True)
        return rows[:400], target[:400]
    if objective.startswith("multi"):
        rows, target = load_wine(return_X_y=True)
        return rows, target
    if objective.startswith("binary"):
        rows, target = load_breast_cancer(return_X_y=True)
        return rows, target
    rows, target = load_diabetes(return_X_y=True)
    targets = {
        "reg:logistic": target / 500,
        "count:poisson": target // 10,
        "survival:cox": np.where(target % 5 == 0, -target, target),
        "rank:map": (target > 150).astype(int),
        "rank:ndcg": np.digitize(target, [100, 200]),
        "rank:pairwise": np.digitize(target, [100, 200]),
    }
    return rows, targets.get(objective, target / 100)
