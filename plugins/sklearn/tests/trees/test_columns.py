"""What the columns hold: missing values, infinities, doubles that single precision cannot hold, categories; the leaves are those of the trees themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from converter.trees import add_leaves
from converter.writing import Document
from converter_sklearn.estimators import Block
from converter_sklearn.parts import part
from converter_sklearn.trees.histograms import ensemble_of, nodes_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
FEW = {"n_estimators": 6, "random_state": 0}
OF_TREES = {
    "tree": tree.DecisionTreeClassifier(random_state=0),
    "extra tree": tree.ExtraTreeClassifier(random_state=0),
    "forest": ensemble.RandomForestClassifier(**FEW),
    "extra trees": ensemble.ExtraTreesClassifier(**FEW),
}


def table_of_everything(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Codes with gaps, few codes with missing ones, a number with holes, seconds since 1970; four kinds."""
    rng = np.random.default_rng(0)
    many, few = rng.integers(0, 70, rows) * 3.0, np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 5, rows))
    holes, seconds = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)), 1.7e9 + rng.integers(0, 100_000, rows)
    kinds = np.isin(many, [3, 12, 21, 99, 195]) + 1 * (few == 2) + (np.nan_to_num(holes) > 0) * (seconds % 3 > 1)
    return np.stack([many, few, holes, seconds], axis=1), kinds


def leaves_of(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """The node of each tree of histograms that each row reaches: what scikit-learn's own trees say once every node says its number."""
    data = np.asarray(rows if estimator._preprocessor is None else estimator._preprocessor.transform(rows), np.float64)
    known, places = estimator._bin_mapper.make_known_categories_bitsets()
    reached = []
    for each in (one for iteration in estimator._predictors for one in iteration):
        nodes = each.nodes.copy()
        nodes["value"] = np.arange(len(nodes))
        told = TreePredictor(nodes, each.binned_left_cat_bitsets, each.raw_left_cat_bitsets)
        reached.append(told.predict(data, known, places, 1))
    return np.stack(reached, axis=1).astype(np.int64)


def leaves_told(estimator: Any, rows: np.ndarray, folder: Path) -> np.ndarray:
    """The same, as the graph says it."""
    document, dtype = Document(21), rows.dtype.name
    columns = document.input("columns", dtype, ["batch", rows.shape[1]])
    writer: Any = part(document, estimator, [Block(columns, dtype, rows.shape[1])], dtype, "float64")
    document.output(
        "leaves", add_leaves(document, ensemble_of(estimator), writer.matrix, dtype, nodes_of(estimator).numbers), "int64", ["batch", None]
    )
    document.write(folder / "leaves.onnx")
    session = onnxruntime.InferenceSession(folder / "leaves.onnx", providers=["CPUExecutionProvider"])
    found: np.ndarray = session.run(None, {"columns": rows})[0]
    return found


@DTYPES
@pytest.mark.parametrize("categories", [None, [0, 1]], ids=["numbers", "categories"])
def test_histograms_reach_the_leaves_of_the_trees_themselves(categories: Any, dtype: str, load_model: Load, tmp_path: Path) -> None:
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=8, categorical_features=categories, random_state=0).fit(*table_of_everything())
    (rows,) = load_model(estimator, dtype=dtype).sample(np.random.default_rng(0), {"batch": 20_000}).values()
    told = leaves_told(estimator, rows, tmp_path)
    np.testing.assert_array_equal(told, leaves_of(estimator, rows))
    assert len(np.unique(told[:, 0])) > 10


@DTYPES
def test_unknown_categories_go_with_the_missing(dtype: str, tmp_path: Path) -> None:
    rows, kinds = table_of_everything()
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=8, categorical_features=[0, 1], random_state=0).fit(rows, kinds)
    strange = np.array([0, -0.0, -1, 3, 4, 3.5, 207, 210, 1e6, -(2.0**33), 1e30, np.nan], dtype)
    asked = np.repeat(rows[:60].astype(dtype), len(strange), axis=0)
    asked[:, 0] = np.tile(strange, 60)
    told = leaves_told(estimator, asked, tmp_path)
    np.testing.assert_array_equal(told, leaves_of(estimator, asked))
    assert len(np.unique(told[: len(strange)], axis=0)) > 1


@pytest.mark.parametrize(
    "values",
    [["Rome", "Oslo", "Bern", "Łódź"], ["1", "2", "10", "-1"], [True, False], [3, 1, 7, -2], [0.5, -0.5, 1e9, 2.25]],
    ids=["texts", "digits", "flags", "whole numbers", "fractions"],
)
@pytest.mark.parametrize("gone", [False, True], ids=["whole", "with missing ones"])
@pytest.mark.parametrize("dtype", [object, None], ids=["objects", "inferred"])
def test_categories_of_a_dataframe(values: list[Any], gone: bool, dtype: Any, load_model: Load, run_graph: Run) -> None:  # noqa: FBT001
    rng = np.random.default_rng(1)
    drawn = [values[place] for place in rng.integers(0, len(values), 400)]
    target = np.array([value == values[0] for value in drawn]) ^ (rng.random(400) < 0.1)
    kinds = pd.Series([None if gone and place % 11 == 0 else value for place, value in enumerate(drawn)], dtype=dtype).astype("category")
    frame = pd.DataFrame({"kind": kinds, "size": rng.normal(size=400)})
    model = load_model(ensemble.HistGradientBoostingClassifier(max_iter=6, random_state=0).fit(frame, target))
    feeds = model.sample(np.random.default_rng(2), {"batch": 3000})
    got, want = run_graph(model, feeds), model.run(feeds)
    np.testing.assert_allclose(got["probabilities"], want["probabilities"], atol=1e-6)
    np.testing.assert_array_equal(got["label"], want["label"])
    assert len(np.unique(want["label"])) == 2


@DTYPES
@pytest.mark.parametrize("name", OF_TREES)
def test_values_may_be_missing_in_prediction_only(name: str, dtype: str, load_model: Load, run_graph: Run) -> None:
    model = load_model(OF_TREES[name].fit(*datasets.load_wine(return_X_y=True)), method="leaf", dtype=dtype)
    feeds = model.sample(np.random.default_rng(0), {"batch": 3000})
    assert np.isnan(feeds["features"]).any()
    np.testing.assert_array_equal(run_graph(model, feeds)["leaves"], model.estimator.apply(feeds["features"]))


@pytest.mark.parametrize("name", OF_TREES)
def test_doubles_are_rounded_as_the_trees_round_them(name: str, load_model: Load, run_graph: Run) -> None:
    rows, target = datasets.load_breast_cancer(return_X_y=True)
    model = load_model(OF_TREES[name].fit(rows, target), method="leaf", dtype="float64")
    asked = np.repeat(rows[:40], 30, axis=0)
    for place, column in enumerate(model.layout.blocks[0]):
        if len(column.thresholds):
            at = np.resize(column.thresholds, len(asked))
            asked[:, place] = np.where(
                np.arange(len(asked)) % 3 == 0, at, np.nextafter(at, np.where(np.arange(len(asked)) % 3 == 1, -np.inf, np.inf))
            )
    np.testing.assert_array_equal(run_graph(model, {"features": asked})["leaves"], model.estimator.apply(asked))


def test_histograms_tell_doubles_apart_that_single_precision_cannot(load_model: Load, run_graph: Run) -> None:
    seconds = 1.7e9 + np.arange(400.0)
    estimator = ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=2).fit(seconds[:, None], np.sin(seconds / 7))
    got = run_graph(load_model(estimator, dtype="float64"), {"features": seconds[:, None]})["prediction"]
    np.testing.assert_allclose(got, estimator.predict(seconds[:, None]), rtol=1e-12)
    assert len(np.unique(got)) > len(np.unique(seconds.astype(np.float32)))


def test_a_table_of_flags_and_whole_numbers_converts(load_model: Load, run_graph: Run) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"count": rng.integers(0, 9, 300), "flag": rng.random(300) < 0.5, "size": rng.normal(size=300)})
    model = load_model(ensemble.RandomForestClassifier(**FEW).fit(frame, frame["flag"] ^ (frame["count"] > 4)))
    assert model.inputs[0].columns == ("count", "flag", "size")
    feeds = model.sample(np.random.default_rng(0), {"batch": 500})
    np.testing.assert_allclose(run_graph(model, feeds)["probabilities"], model.run(feeds)["probabilities"], atol=1e-6)
