"""The graphs: objective by objective, booster by booster, with missing numbers and categories, in float32 and float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.datasets import load_diabetes, make_multilabel_classification
from xgboost import DMatrix, XGBClassifier, XGBRegressor, XGBRFClassifier, train

from converter.plugin import ExportError, ExportRequest, LoadRequest, Source
from converter_xgboost.model import XGBoostModel, load
from converter_xgboost.objectives import OBJECTIVES

ROWS = 2000
NUMBER = -7.25  # that stands for missing values
BOOSTERS: dict[str, dict[str, Any]] = {
    "gbtree": {"max_depth": 4},
    "dart": {"max_depth": 4, "booster": "dart", "rate_drop": 0.5, "one_drop": 1},
    "forest": {"max_depth": 4, "num_parallel_tree": 3, "subsample": 0.7},
    "gblinear": {"booster": "gblinear"},
    "vector": {"max_depth": 4, "multi_strategy": "multi_output_tree"},
}
EXTRA: dict[str, dict[str, Any]] = {
    "multi:softprob": {"num_class": 3},
    "multi:softmax": {"num_class": 3},
    "reg:quantileerror": {"quantile_alpha": [0.1, 0.5, 0.9]},
    "binary:hinge": {"learning_rate": 1.0},
}
CATEGORIES: dict[str, dict[str, Any]] = {"numbers": {}, "one hot": {"max_cat_to_onehot": 100}, "sets": {"max_cat_to_onehot": 1}}
TRAINED = [name for name in OBJECTIVES if name not in {"reg:linear", "reg:expectileerror"}]  # an old name, and one that newer versions have


def trained(objective: str, booster: str, *, missing: float = np.nan, categories: str = "numbers") -> Any:
    """Train on the diabetes table: its first column in tenths, a tenth of its third missing."""
    rows, target = load_diabetes(return_X_y=True)
    rng = np.random.default_rng(0)
    rows[:, 0] = np.argsort(np.argsort(rows[:, 0])) * 10 // len(rows)
    rows[rng.random(len(rows)) < 0.1, 2] = missing
    target = target + 80 * np.isin(rows[:, 0], [1, 4, 8])
    label = {
        "binary": target > 150,
        "multi": np.digitize(target, [100, 200]),
        "rank": np.digitize(target, [100, 200]),
        "rank:map": target > 150,
        "reg:logistic": target / 500,
        "count:poisson": target // 10,
        "survival:cox": np.where(rng.random(len(target)) < 0.2, -target, target),
    }
    y = label.get(objective, label.get(objective.partition(":")[0], target / 100))
    types = None if categories == "numbers" else ["c"] + ["q"] * 9
    data = DMatrix(rows, y, missing=missing, feature_types=types, enable_categorical=True, nthread=1)
    if objective.startswith("rank"):
        data.set_group([200, 242])
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", y + 1)
    settings = {"objective": objective, "nthread": 1, "seed": 0}
    return train({**settings, **BOOSTERS[booster], **EXTRA.get(objective, {}), **CATEGORIES[categories]}, data, 6)


def loaded(model: Any, **options: Any) -> XGBoostModel:
    return load(LoadRequest(Source.of(model), options=options))


def exported(model: XGBoostModel, folder: Path, name: str = "direct") -> Path:
    (exporter,) = (each for each in model.exporters if each.name == name)
    exporter.write(ExportRequest(folder / "graph.onnx"))
    return folder / "graph.onnx"


def answers(path: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # onnxmltools declares shapes wrongly
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def compare(model: XGBoostModel, folder: Path) -> dict[str, np.ndarray]:
    """See that the graph agrees on rows on and beside every threshold; return the model's answer."""
    feeds = model.sample(np.random.default_rng(0), {"batch": ROWS})
    got, want = answers(exported(model, folder), feeds), model.run(feeds)
    assert got.keys() == want.keys()
    dtype = model.inputs[0].dtype
    for name, value in want.items():
        assert got[name].shape == value.shape
        if name in {"label", "leaves"}:
            assert got[name].dtype == np.int64
            np.testing.assert_array_equal(got[name], value)
        else:
            assert got[name].dtype == np.dtype(dtype)
            tolerance = {"rtol": 1e-12, "atol": 1e-13} if dtype == "float64" else {"rtol": 2e-5, "atol": 2e-6}
            np.testing.assert_allclose(got[name], value, **tolerance)
    return want


@pytest.mark.parametrize("booster", ["gbtree", "dart", "forest", "gblinear"])
@pytest.mark.parametrize("objective", TRAINED)
def test_every_objective_of_every_booster(objective: str, booster: str, tmp_path: Path) -> None:
    if booster == "gblinear" and objective in {"reg:absoluteerror", "reg:quantileerror"}:
        pytest.skip("XGBoost trains none such")
    booster_model = trained(objective, booster)
    want = compare(loaded(booster_model), tmp_path)
    assert all(len(np.unique(value)) > 1 for value in want.values())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("categories", CATEGORIES)
@pytest.mark.parametrize("missing", [np.nan, NUMBER])
@pytest.mark.parametrize("booster", ["gbtree", "dart", "forest"])
@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "reg:squarederror"])
def test_missing_numbers_and_categories(objective: str, booster: str, missing: float, categories: str, dtype: str, tmp_path: Path) -> None:
    booster_model = trained(objective, booster, missing=missing, categories=categories)
    model = loaded(booster_model, dtype=dtype, missing=str(missing))
    assert any(column.categories for column in model.columns) == (categories != "numbers")
    compare(model, tmp_path)


@pytest.mark.parametrize("missing", [np.nan, NUMBER])
@pytest.mark.parametrize("booster", ["gblinear", "vector"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_linear_models_and_leaf_vectors(booster: str, dtype: str, missing: float, tmp_path: Path) -> None:
    compare(loaded(trained("multi:softprob", booster, missing=missing), dtype=dtype, missing=str(missing)), tmp_path)


@pytest.mark.parametrize("method", ["raw", "leaf"])
@pytest.mark.parametrize("booster", ["gbtree", "dart", "forest", "vector"])
@pytest.mark.parametrize("categories", ["numbers", "sets"])
def test_margins_and_leaves(booster: str, method: str, categories: str, tmp_path: Path) -> None:
    if booster == "vector" and categories == "sets":
        pytest.skip("XGBoost trains none such")
    model = loaded(trained("multi:softprob", booster, categories=categories), method=method)
    (value,) = compare(model, tmp_path).values()
    assert value.shape == (ROWS, 3 if method == "raw" else {"gbtree": 18, "dart": 18, "forest": 54, "vector": 6}[booster])


@pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
def test_several_targets(strategy: str, tmp_path: Path) -> None:
    rows, target = load_diabetes(return_X_y=True)
    several = np.stack([target, target**0.5, -target], axis=1)
    want = compare(loaded(XGBRegressor(n_estimators=5, max_depth=3, n_jobs=1, multi_strategy=strategy).fit(rows, several)), tmp_path)
    assert want["prediction"].shape == (ROWS, 3)


def test_several_labels(tmp_path: Path) -> None:
    wrapper = XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1).fit(*make_multilabel_classification(200, 5, n_classes=3, random_state=0))
    for model in (wrapper, wrapper.get_booster()):
        want = compare(loaded(model), tmp_path)
        assert want["label"].shape == want["probabilities"].shape == (ROWS, 3)
        assert set(want["label"].ravel()) == {0, 1}


@pytest.mark.parametrize("name", ["classifier", "wine", "mixed", "linear"])
@pytest.mark.parametrize("method", ["predict", "probability"])
def test_wrappers(name: str, method: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    want = compare(loaded(request.getfixturevalue(name), method=method), tmp_path)
    assert list(want) == ["label", "probabilities"][method == "probability" :]


@pytest.mark.parametrize("objective", ["binary:hinge", "binary:logitraw", "multi:softmax"])
def test_wrappers_of_other_objectives(objective: str, cancer: tuple[Any, Any], tmp_path: Path) -> None:
    settings = {"num_class": 2} if objective == "multi:softmax" else {}
    want = compare(loaded(XGBClassifier(objective=objective, n_estimators=6, max_depth=3, n_jobs=1, **settings).fit(*cancer)), tmp_path)
    assert list(want) == ["label", "prediction" if objective == "binary:logitraw" else "probabilities"]


def test_forest_wrappers(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    model = loaded(XGBRFClassifier(n_estimators=9, max_depth=4, n_jobs=1).fit(*cancer))
    assert "9 trees" in model.summary
    compare(model, tmp_path)


def test_a_model_without_a_tree_answers_its_base_score(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    want = compare(loaded(train({"objective": "binary:logistic", "base_score": 0.3, "nthread": 1}, DMatrix(*cancer), 0)), tmp_path)
    np.testing.assert_allclose(want["probabilities"], [[0.7, 0.3]] * ROWS, rtol=1e-6)


@pytest.mark.parametrize("method", ["predict", "leaf"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_stumps_are_compared_and_not_walked(dtype: str, method: str, tmp_path: Path) -> None:
    rows, target = load_diabetes(return_X_y=True)
    rows[np.random.default_rng(0).random(rows.shape) < 0.1] = np.nan
    model = loaded(XGBRegressor(n_estimators=600, max_depth=1, n_jobs=1).fit(rows, target / 100), dtype=dtype, method=method)
    assert not any(node.domain for node in onnx.load(exported(model, tmp_path)).graph.node)
    compare(model, tmp_path)


def test_timestamps_are_decided_in_float32_as_xgboost_does(tmp_path: Path) -> None:
    """Float64 rows are rounded first, so that a threshold between two of them may not tell them apart."""
    rng = np.random.default_rng(0)
    rows = rng.integers(1_700_000_000, 1_700_100_000, (500, 2)).astype(np.float64)
    regressor = XGBRegressor(n_estimators=5, max_depth=5, n_jobs=1).fit(rows, rows[:, 0] - rows[:, 1])
    model = loaded(regressor, dtype="float64", method="leaf")
    got = answers(exported(model, tmp_path), {"features": rows})
    np.testing.assert_array_equal(got["leaves"], regressor.apply(rows))


def test_the_opset_is_honoured(classifier: Any, tmp_path: Path) -> None:
    model = loaded(classifier)
    model.exporters[0].write(ExportRequest(tmp_path / "graph.onnx", 17))
    opsets = {each.domain: each.version for each in onnx.load(tmp_path / "graph.onnx").opset_import}
    assert opsets[""] == 17


@pytest.mark.parametrize("name", ["classifier", "wine", "regressor"])
def test_onnxmltools_agrees_where_it_knows_the_model(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model = loaded(request.getfixturevalue(name))
    feeds = model.sample(np.random.default_rng(0), {"batch": ROWS})
    got, want = answers(exported(model, tmp_path, "onnxmltools"), feeds), model.run(feeds)
    assert list(got) == list(want)
    for output, value in want.items():
        assert got[output].shape == value.shape
        np.testing.assert_allclose(got[output], value, rtol=1e-5, atol=1e-5)


def test_onnxmltools_leaves_the_model_as_it_is(classifier: Any, tmp_path: Path) -> None:
    before = classifier.get_booster().save_raw("ubj")
    exported(loaded(classifier), tmp_path, "onnxmltools")
    assert classifier.get_booster().save_raw("ubj") == before


def test_what_onnxmltools_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="exporter onnxmltools: the library does not know such a model: ") as caught:
        exported(loaded(trained("reg:squarederror", "dart")), tmp_path, "onnxmltools")
    assert caught.value.hint == "--exporter direct knows it"
