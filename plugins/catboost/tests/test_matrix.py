"""Loss x policy x what is missing x kinds of columns x dtype x number of trees, on real tables: leaves one by one, sums, labels, beside every border."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor, Pool
from sklearn.datasets import load_diabetes, load_digits

from converter.plugin import ExportRequest, LoadRequest, Source
from converter_catboost.ensemble import ensemble_of
from converter_catboost.model import CatBoostModel, load

ROWS, FEW_ROWS, SHARE = 20_000, 1_500, 23
LOSSES: dict[str, tuple[type[CatBoost], str]] = {
    "Logloss": (CatBoostClassifier, "two"),
    "CrossEntropy": (CatBoostClassifier, "share"),
    "Focal:focal_alpha=0.3;focal_gamma=1": (CatBoostClassifier, "two"),
    "MultiClass": (CatBoostClassifier, "three"),
    "MultiClass:digits": (CatBoostClassifier, "digits"),
    "MultiClassOneVsAll": (CatBoostClassifier, "three"),
    "MultiLogloss": (CatBoostClassifier, "labels"),
    "MultiCrossEntropy": (CatBoostClassifier, "shares"),
    "RMSE": (CatBoostRegressor, "number"),
    "MAE": (CatBoostRegressor, "number"),
    "MAPE": (CatBoostRegressor, "number"),
    "Quantile:alpha=0.7": (CatBoostRegressor, "number"),
    "MultiQuantile:alpha=0.1,0.5,0.9": (CatBoostRegressor, "number"),
    "MultiRMSE": (CatBoostRegressor, "numbers"),
    "MultiRMSEWithMissingValues": (CatBoostRegressor, "gaps"),
    "RMSEWithUncertainty": (CatBoostRegressor, "number"),
    "Poisson": (CatBoostRegressor, "number"),
    "Tweedie:variance_power=1.5": (CatBoostRegressor, "number"),
    "Huber:delta=9": (CatBoostRegressor, "number"),
    "Expectile:alpha=0.3": (CatBoostRegressor, "number"),
    "LogLinQuantile:alpha=0.4": (CatBoostRegressor, "number"),
    "LogCosh": (CatBoostRegressor, "number"),
    "Lq:q=3": (CatBoostRegressor, "number"),
    "Cox": (CatBoostRegressor, "censored"),
    "SurvivalAft:dist=Logistic": (CatBoostRegressor, "between"),
    "YetiRank": (CatBoostRanker, "grades"),
    "YetiRankPairwise": (CatBoostRanker, "grades"),
    "PairLogit": (CatBoostRanker, "grades"),
    "PairLogitPairwise": (CatBoostRanker, "grades"),
    "LambdaMart": (CatBoostRanker, "grades"),
    "StochasticRank:metric=NDCG": (CatBoostRanker, "grades"),
    "QueryRMSE": (CatBoostRanker, "grades"),
    "QuerySoftMax": (CatBoostRanker, "grades"),
    "GroupQuantile:alpha=0.4": (CatBoostRanker, "grades"),
}
POLICIES: dict[str, dict[str, Any]] = {"SymmetricTree": {"depth": 5}, "Depthwise": {"depth": 4}, "Lossguide": {"max_leaves": 11, "depth": 8}}
MISSING = ("Min", "Max", "Forbidden")
COLUMNS: dict[str, dict[str, Any]] = {
    "numbers": {},
    "one hot": {"one_hot_max_size": 255},
    "statistics": {"one_hot_max_size": 1, "max_ctr_complexity": 2},
}
DTYPES = ("float32", "float64")
TREES = (12, 110)  # some are walked; many symmetric ones are not
SETTINGS: dict[str, Any] = {"thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False, "boosting_type": "Plain"}


def _trains(loss: str, policy: str, columns: str) -> bool:
    return "Pairwise" not in loss or (policy == "SymmetricTree" and columns != "one hot")


def _cases() -> Iterator[Any]:
    """All that CatBoost trains, each with some dtype and some trees; a share is for a developer's run, the others are slow and have more rows."""
    rng = np.random.default_rng(0)
    everything = itertools.product(LOSSES, POLICIES, MISSING, COLUMNS)
    for number, case in enumerate(case for case in everything if _trains(case[0], case[1], case[3])):
        full = (*case, str(rng.choice(DTYPES)), int(rng.choice(TREES)))
        rows, marks = (FEW_ROWS, []) if number % SHARE == 0 else (ROWS, [pytest.mark.slow])
        yield pytest.param(*full, rows, id="-".join(map(str, full)), marks=marks)


@pytest.mark.parametrize(("loss", "policy", "missing", "columns", "dtype", "trees", "rows"), _cases())
def test_it_answers_as_catboost(loss: str, policy: str, missing: str, columns: str, dtype: str, trees: int, rows: int, tmp_path: Path) -> None:
    table = _table(loss, missing, columns)
    trained = _trained(loss, policy, missing, columns, trees, table)
    model, leaves, raw = (_loaded(trained, table, method, dtype) for method in ("predict", "leaf", "raw"))
    feeds = model.sample(np.random.default_rng(2), {"batch": rows})
    np.testing.assert_array_equal(_answers(leaves, feeds, tmp_path)["leaves"], leaves.run(feeds)["leaves"])
    _check_sums(raw, _answers(raw, feeds, tmp_path)["raw"], raw.run(feeds)["raw"], dtype)
    got, want = _answers(model, feeds, tmp_path), model.run(feeds)
    assert {name: answer.shape for name, answer in got.items()} == {name: answer.shape for name, answer in want.items()}
    scores = "probabilities" if "probabilities" in want else "prediction"
    assert got[scores].dtype == dtype
    close = {"rtol": 1e-12, "atol": 1e-13} if dtype == "float64" else {"rtol": 2e-5, "atol": 2e-6 * max(1, np.abs(want[scores]).max())}
    np.testing.assert_allclose(got[scores], want[scores], **close)
    if "label" in want:
        _check_labels(got["label"], want["label"], want[scores])


def test_ties_of_a_label_are_found_by_their_scores() -> None:
    """The check above sees a wrong label."""
    scores = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])
    _check_labels(np.array([0, 1]), np.array([0, 0]), scores)
    with pytest.raises(AssertionError):
        _check_labels(np.array([1, 0]), np.array([0, 0]), scores)


def _check_sums(model: CatBoostModel, got: np.ndarray, want: np.ndarray, dtype: str) -> None:
    """The sums lie within 2 ULP · √trees of CatBoost's own, which are double, relative to what is added up."""
    trees = model.asked.trees
    ensemble = ensemble_of(model.loaded.blob, trees, model.layout.splits)
    summed = np.abs(ensemble.base).max() + np.abs(ensemble.leaf_weights).max() * np.sqrt(trees)
    assert (np.abs(got - want) <= np.finfo(dtype).eps * 2 * np.sqrt(trees) * (np.abs(want) + summed)).all()


def _check_labels(got: np.ndarray, want: np.ndarray, scores: np.ndarray) -> None:
    """Labels are equal but where the two best scores are, or the label's own score lies at the half."""
    different = got != want
    if got.ndim == 1:
        second, best = np.sort(scores, axis=1)[:, -2:].T
        np.testing.assert_allclose(best[different], second[different], atol=1e-7)
    else:
        np.testing.assert_allclose(scores[different], 0.5, atol=1e-7)


def _loaded(trained: CatBoost, table: pd.DataFrame, method: str, dtype: str) -> CatBoostModel:
    columns = {name: table[name].to_numpy() for name in table}
    return load(LoadRequest(Source.of(trained), columns=columns, options={"method": method, "dtype": dtype}))


def _answers(model: CatBoostModel, feeds: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    path = folder / "graph.onnx"
    model.exporters[0].write(ExportRequest(path))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def _trained(loss: str, policy: str, missing: str, columns: str, trees: int, table: pd.DataFrame) -> CatBoost:
    kind, task = LOSSES[loss]
    named = [name for name in table if table[name].dtype == object]
    groups = np.arange(len(table)) // 26 if kind is CatBoostRanker else None
    pool = Pool(table, _target(task), cat_features=named, group_id=groups)
    settings = {**SETTINGS, **POLICIES[policy], **(COLUMNS[columns] if named else {})}
    return kind(loss_function=loss.removesuffix(":digits"), grow_policy=policy, nan_mode=missing, iterations=trees, **settings).fit(pool)


def _table(loss: str, missing: str, columns: str) -> pd.DataFrame:
    rows = load_digits(return_X_y=True)[0][:442] if loss.endswith("digits") else load_diabetes(return_X_y=True)[0]
    if missing != "Forbidden":
        rows = np.where(np.random.default_rng(1).random(rows.shape) < 0.1, np.nan, rows)
    table = pd.DataFrame(rows, columns=[f"c{place}" for place in range(rows.shape[1])])
    for name, parts in (("c2", 9), ("c3", 25)) if columns != "numbers" else ():  # as many categories as the column has different parts of its range
        low, high = table[name].min(), table[name].max()
        table[name] = [f"{np.nan_to_num((value - low) / (high - low), nan=-1) * parts:.0f}" for value in table[name]]
        table[name] = table[name].astype(object)
    return table


def _target(task: str) -> np.ndarray:
    if task == "digits":
        return load_digits(return_X_y=True)[1][:442]
    number = load_diabetes(return_X_y=True)[1]
    thirds = np.digitize(number, [100, 180])
    labels = np.stack([thirds == 0, thirds > 0, number > 150], axis=-1).astype(int)
    targets = {
        "number": number,
        "numbers": np.stack([number, -number], axis=-1),
        "gaps": np.stack([number, np.where(number > 200, np.nan, -number)], axis=-1),
        "censored": np.where(number % 5 == 0, -number, number),
        "between": np.stack([number, number + 9], axis=-1),
        "two": np.array(["low", "high"], object)[(number > 150).astype(int)],
        "three": np.array(["low", "middle", "high"], object)[thirds],
        "share": number / 400,
        "labels": labels,
        "shares": labels * 0.8,
        "grades": thirds / 2,
    }
    return targets[task]
