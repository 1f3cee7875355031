"""Trees and ensembles of them, written from their nodes: the decisions and the labels are scikit-learn's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn import datasets, ensemble, tree
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import converter
from converter.plugin import ExportRequest, LoadRequest, Source
from converter_sklearn.model import SklearnModel, load

FEW = {"n_estimators": 8, "random_state": 0}
REGRESSORS = {
    "tree": tree.DecisionTreeRegressor(max_depth=6, random_state=0),
    "extra tree": tree.ExtraTreeRegressor(max_depth=6, random_state=0),
    "forest": ensemble.RandomForestRegressor(max_depth=7, **FEW),
    "extra trees": ensemble.ExtraTreesRegressor(max_depth=7, **FEW),
    "boosting": ensemble.GradientBoostingRegressor(**FEW),
    "histograms": ensemble.HistGradientBoostingRegressor(max_iter=8, random_state=0),
    "poisson": ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=8, random_state=0),
    "bagging": ensemble.BaggingRegressor(tree.DecisionTreeRegressor(max_depth=5), max_features=0.6, **FEW),
    "one leaf": tree.DecisionTreeRegressor(max_depth=1, min_samples_leaf=400),
}
CLASSIFIERS = {
    "tree": tree.DecisionTreeClassifier(max_depth=6, random_state=0),
    "forest": ensemble.RandomForestClassifier(max_depth=7, **FEW),
    "extra trees": ensemble.ExtraTreesClassifier(max_depth=7, class_weight="balanced", **FEW),
    "boosting": ensemble.GradientBoostingClassifier(**FEW),
    "histograms": ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=0),
    "bagging": ensemble.BaggingClassifier(tree.DecisionTreeClassifier(max_depth=5), **FEW),
    "AdaBoost": ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=2), **FEW),
}


def loaded(estimator: Any, **options: str) -> SklearnModel:
    return load(LoadRequest(Source.of(estimator), options={"method": "predict", "dtype": "float32", **options}))


def answers(model: SklearnModel, folder: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    assert model.exporters[0].name == "direct"
    model.exporters[0].write(ExportRequest(folder / "graph.onnx", None))
    onnx.checker.check_model(folder / "graph.onnx", full_check=True)
    session = onnxruntime.InferenceSession(folder / "graph.onnx", providers=["CPUExecutionProvider"])
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feeds), strict=True))


def compare(model: SklearnModel, folder: Path, tolerance: float) -> None:
    """Hold the graph against the model on rows on, below and above its thresholds; labels may differ where the two best scores are equal."""
    feeds = model.sample(np.random.default_rng(1), {"batch": 3000})
    got, want = answers(model, folder, feeds), model.run(feeds)
    assert list(got) == list(want)
    for name, told in got.items():
        if name != "label":
            np.testing.assert_allclose(told, want[name], rtol=tolerance, atol=tolerance)
    if "label" in got and "probabilities" in want:
        best = np.sort(want["probabilities"], axis=1)
        is_sure = best[:, -1] - best[:, -2] > tolerance
        assert (got["label"] == want["label"])[is_sure].all()
        assert is_sure.mean() > 0.5


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 3e-5), ("float64", 1e-12)])
def test_regressors(name: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    rows, target = datasets.load_diabetes(return_X_y=True)
    compare(loaded(REGRESSORS[name].fit(rows, target / 100), dtype=dtype), tmp_path, tolerance)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("table", ["breast_cancer", "wine", "digits"])
def test_classifiers(name: str, table: str, tmp_path: Path) -> None:
    rows, target = getattr(datasets, f"load_{table}")(return_X_y=True)
    compare(loaded(CLASSIFIERS[name].fit(rows[:600], target[:600])), tmp_path, 1e-5)


def test_missing_values_go_where_the_trees_send_them(tmp_path: Path) -> None:
    rows, target = datasets.load_breast_cancer(return_X_y=True)
    rows = np.where(np.random.default_rng(0).random(rows.shape) < 0.2, np.nan, rows)
    for estimator in (CLASSIFIERS["forest"], CLASSIFIERS["histograms"]):
        compare(loaded(estimator.fit(rows, target)), tmp_path, 1e-5)


def test_texts_as_labels_and_several_outputs(tmp_path: Path) -> None:
    rows, target = datasets.load_wine(return_X_y=True)
    words = np.array(["red", "white", "rosé"])[target]
    compare(loaded(CLASSIFIERS["forest"].fit(rows, words)), tmp_path, 1e-5)
    both = np.stack([rows[:, 0], rows[:, 1] * 2], axis=1)
    compare(loaded(REGRESSORS["forest"].fit(rows, both)), tmp_path, 3e-5)


def test_leaves_are_those_of_apply(tmp_path: Path) -> None:
    rows, target = datasets.load_wine(return_X_y=True)
    model = loaded(CLASSIFIERS["forest"].fit(rows, target), method="leaf")
    feeds = model.sample(np.random.default_rng(2), {"batch": 5000})
    (told,) = answers(model, tmp_path, feeds).values()
    (matrix,) = feeds.values()
    np.testing.assert_array_equal(told, model.estimator.apply(matrix))


def test_outliers(tmp_path: Path) -> None:
    rows, _ = datasets.load_wine(return_X_y=True)
    model = loaded(ensemble.IsolationForest(n_estimators=10, random_state=0).fit(rows))
    feeds = model.sample(np.random.default_rng(3), {"batch": 2000})
    got, want = answers(model, tmp_path, feeds), model.run(feeds)
    np.testing.assert_allclose(got["scores"], want["scores"], atol=1e-6)
    sure = np.abs(want["scores"]) > 1e-6
    assert (got["label"] == want["label"])[sure].all()


@pytest.mark.parametrize("name", ["forest", "histograms"])
def test_trees_inside_a_pipeline_are_written_too(name: str, people: Any, tmp_path: Path) -> None:
    columns = ColumnTransformer([("words", OneHotEncoder(), ["sex", "port"]), ("numbers", StandardScaler(), ["age", "fare"])], sparse_threshold=0)
    table = people[["sex", "port", "age", "fare"]].fillna({"age": 30})
    report = converter.convert(make_pipeline(columns, CLASSIFIERS[name]).fit(table, people["survived"]), tmp_path / "net.onnx")
    assert report.agrees, [attempt.line for attempt in report.attempts]


def test_a_ranker_at_the_end_of_a_pipeline_gives_numbers(tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed")
    rows, target = datasets.load_wine(return_X_y=True)
    ranker = make_pipeline(StandardScaler(), lightgbm.LGBMRanker(n_estimators=5, verbose=-1))
    report = converter.convert(ranker.fit(rows, target, lgbmranker__group=[60, 60, 58]), tmp_path / "net.onnx")
    assert report.agrees, [attempt.line for attempt in report.attempts]
