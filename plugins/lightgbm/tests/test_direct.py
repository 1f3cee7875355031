"""The direct exporter: what each method answers, where LightGBM reads values in its own way, and models out of the common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from lightgbm import Booster, Dataset, LGBMClassifier, LGBMRegressor, early_stopping, train

from converter.plugin import ExportRequest, LoadRequest, Source, UsageError, parse_inputs
from converter_lightgbm.model import LightGBMModel, load
from converter_lightgbm.objectives import Link
from converter_lightgbm.plugin import LightGBM
from converter_lightgbm.precision import largest_terms, needs_double_sums
from converter_lightgbm.trees import ZERO

Run = Callable[..., dict[str, np.ndarray]]
Table = tuple[np.ndarray, np.ndarray]
SETTINGS: dict[str, Any] = {
    "num_leaves": 8,
    "min_data_in_leaf": 5,
    "min_data_per_group": 5,
    "cat_smooth": 1,
    "verbose": -1,
    "num_threads": 1,
    "seed": 0,
}
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def loaded(model: Any, **options: Any) -> LightGBMModel:
    return load(LoadRequest(Source.of(model), options=options))


def trained(telling: Table, iterations: int = 10, categorical: tuple[int, ...] = (0, 1), **settings: Any) -> Booster:
    rows, kinds = telling
    target = kinds if settings.get("num_class") else kinds > 1 if settings["objective"] == "binary" else kinds + 0.5
    parameters = {**SETTINGS, **settings}
    return train(parameters, Dataset(rows, target, categorical_feature=list(categorical), params=parameters), iterations)


def check(model: LightGBMModel, run_graph: Run, count: int = 3000, seed: int = 0) -> None:
    """The graph's answers to a model's own samples are the model's."""
    feeds = model.sample(np.random.default_rng(seed), {"batch": count})
    got, want = run_graph(model, feeds), model.run(feeds)
    assert got.keys() == want.keys()
    for name, answer in want.items():
        assert got[name].shape == answer.shape
        if answer.dtype.kind != "f":
            np.testing.assert_array_equal(got[name], answer)
            continue
        assert got[name].dtype == model.inputs[0].dtype
        relative, absolute = (1e-12, 1e-14) if got[name].dtype == np.float64 else (1e-5, 1e-6)
        np.testing.assert_allclose(got[name], answer, rtol=relative, atol=absolute)


@DTYPES
@pytest.mark.parametrize("method", ["predict", "probability", "raw", "leaf"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_each_method_answers_as_the_library(telling: Table, run_graph: Run, kind: str, method: str, dtype: str) -> None:
    booster = trained(telling, objective=kind, **({"num_class": 4} if kind == "multiclass" else {}))
    model = loaded(booster, method=method, dtype=dtype)
    names = {"predict": ["label", "probabilities"], "probability": ["probabilities"], "raw": ["raw"], "leaf": ["leaves"]}
    assert [output.name for output in model.outputs] == names[method]
    assert [exporter.name for exporter in model.exporters] == (["direct", "onnxmltools"] if method == "predict" else ["direct"])
    check(model, run_graph)


def test_probabilities_of_a_model_that_has_none_are_refused(regressor: Any) -> None:
    with pytest.raises(UsageError, match="LGBMRegressor with the objective regression tells no classes apart, so it has no probabilities") as caught:
        loaded(regressor, method="probability")
    assert caught.value.hint == "-O method=predict, or raw"


def test_contributions_are_refused_with_the_reason() -> None:
    (method,) = (option for option in LightGBM.options if option.name == "method")
    with pytest.raises(UsageError, match=r"feature contributions cannot be converted: each weighs every path .* ONNX has no operator for") as caught:
        method.parse("contributions")
    assert caught.value.hint.startswith("Booster.predict(pred_contrib=True) computes them")
    with pytest.raises(UsageError, match="option method cannot be 'guess'"):
        method.parse("guess")


@DTYPES
@pytest.mark.parametrize("objective", ["regression", "binary", "multiclass"])
def test_linear_leaves(telling: Table, run_graph: Run, objective: str, dtype: str) -> None:
    booster = trained(telling, objective=objective, linear_tree=True, **({"num_class": 4} if objective == "multiclass" else {}))
    model = loaded(booster, dtype=dtype)
    feeds = model.sample(np.random.default_rng(0), {"batch": 3000})
    assert np.isnan(feeds["features"]).any()
    assert np.isinf(feeds["features"]).any()
    check(model, run_graph)
    check(loaded(booster, dtype=dtype, method="leaf"), run_graph)


def test_linear_leaves_of_many_trees_are_summed_in_parts(run_graph: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 20))
    booster = train({**SETTINGS, "objective": "regression", "linear_tree": True, "num_leaves": 31}, Dataset(rows, rows @ rng.normal(size=20)), 60)
    model = loaded(booster)
    check(model, run_graph)
    model.exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
    assert sum(node.op_type == "GatherElements" for node in onnx.load(tmp_path / "graph.onnx").graph.node) > 1


def test_linear_trees_after_trees_that_are_not(telling: Table, run_graph: Run) -> None:
    rows, kinds = telling
    first = train({**SETTINGS, "objective": "regression"}, Dataset(rows, kinds, free_raw_data=False), 3)
    linear = {**SETTINGS, "objective": "regression", "linear_tree": True}
    both = train(linear, Dataset(rows, kinds, params=linear, free_raw_data=False), 3, init_model=first)
    text = loaded(both).loaded.text
    assert len(text.trees) == 6
    assert text.trees.linear is not None
    check(loaded(both, dtype="float64"), run_graph)


@DTYPES
@pytest.mark.parametrize("settings", [{"zero_as_missing": True}, {"use_missing": False}, {}], ids=["zero", "unused", "nan"])
def test_what_lightgbm_reads_as_zero(telling: Table, run_graph: Run, settings: dict[str, Any], dtype: str) -> None:
    model = loaded(trained(telling, objective="binary", **settings), method="leaf", dtype=dtype)
    rows = np.repeat(telling[0][:40], 8, axis=0).astype(dtype)
    zero = np.dtype(dtype).type(ZERO)
    near = [0.0, -0.0, zero, -zero, np.nextafter(zero, 1), np.nextafter(-zero, -1), np.nan, -np.inf]
    rows[:, 3] = np.tile(np.array(near, dtype), 40)
    got = run_graph(model, {"features": rows})["leaves"]
    np.testing.assert_array_equal(got, model.run({"features": rows})["leaves"])
    assert len(np.unique(got[:8], axis=0)) > 1


@DTYPES
def test_strange_categories(telling: Table, run_graph: Run, dtype: str) -> None:
    model = loaded(trained(telling, objective="binary"), method="leaf", dtype=dtype)
    assert model.loaded.text.trees.categorical.any()
    strange = np.array(
        [0, -0.0, -0.5, -0.999, -1, 0.999, 1.5, 69, 69.9, 70, 71, 1e6, 2.0**31, 2.0**33, -(2.0**33), 1e30, np.inf, -np.inf, np.nan], dtype
    )
    rows = np.repeat(telling[0][:60], len(strange), axis=0).astype(dtype)
    rows[:, 0] = np.tile(strange, 60)
    np.testing.assert_array_equal(run_graph(model, {"features": rows})["leaves"], model.run({"features": rows})["leaves"])


@pytest.mark.parametrize("count", [2, 30, 300, 3000])
def test_any_number_of_categories(run_graph: Run, count: int) -> None:
    rng = np.random.default_rng(count)
    rows = np.stack([rng.integers(0, count, 6000), rng.normal(size=6000)], axis=-1)
    target = rng.normal(size=count)[rows[:, 0].astype(int)] + rows[:, 1]
    settings = {**SETTINGS, "objective": "regression", "max_cat_threshold": 1000, "min_data_per_group": 1, "max_bin": 4000, "cat_l2": 0}
    booster = train(settings, Dataset(rows, target, categorical_feature=[0], params=settings), 8)
    members = np.diff(loaded(booster).loaded.text.trees.set_starts)
    assert members.max() >= min(count // 4, 200)
    check(loaded(booster, method="leaf"), run_graph)
    check(loaded(booster), run_graph)


def test_categories_that_float32_cannot_hold(run_graph: Run) -> None:
    odd = 2**24 + 1
    rows = np.repeat([[odd], [odd + 1], [7.0]], 50, axis=0)
    settings = {**SETTINGS, "objective": "regression", "min_data_per_group": 1, "max_cat_to_onehot": 8}
    booster = train(settings, Dataset(rows, rows[:, 0] == odd, categorical_feature=[0], params=settings), 2)
    for dtype in ("float32", "float64"):
        feeds = {"features": np.array([[odd], [odd + 1], [odd - 1], [7]], dtype)}
        model = loaded(booster, method="leaf", dtype=dtype)
        np.testing.assert_array_equal(run_graph(model, feeds)["leaves"], model.run(feeds)["leaves"])


def test_seconds_since_1970_are_told_apart(telling: Table, run_graph: Run) -> None:
    booster = trained(telling, objective="regression", iterations=30)
    assert any(1.6e9 < threshold < 1.8e9 for threshold in booster.trees_to_dataframe()["threshold"].dropna() if not isinstance(threshold, str))
    for method in ("leaf", "predict"):
        check(loaded(booster, method=method, dtype="float64"), run_graph)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_sums_of_float32_are_within_few_steps_of_the_double_sums(telling: Table, run_graph: Run, kind: str) -> None:
    booster = trained(telling, objective=kind, iterations=100, **({"num_class": 4} if kind == "multiclass" else {}))
    model = loaded(booster, method="raw")
    feeds = model.sample(np.random.default_rng(0), {"batch": 4000})
    got, want = run_graph(model, feeds)["raw"], model.run(feeds)["raw"]
    size = np.maximum(np.abs(want), np.abs(model.loaded.text.trees.values).max())  # a sum may cancel, its terms are no smaller for it
    steps = np.abs(got - want) / np.spacing(size.astype(np.float32))
    assert steps.max() <= 2 * np.sqrt(100)


@pytest.mark.parametrize("categorical", [(), (0, 1)], ids=["numbers", "categories"])
@pytest.mark.parametrize("method", ["predict", "raw"])
def test_large_terms_that_cancel_are_summed_in_double_precision(run_graph: Run, method: str, categorical: tuple[int, ...]) -> None:
    """Float32 sums of claims, or prices, of 100 000 would have no right digit where they cancel to nearly nothing."""
    rng = np.random.default_rng(0)
    rows = np.stack([*rng.integers(0, 30, (2, 3000)), *rng.normal(size=(2, 3000))], axis=-1)
    target = 1e5 * (np.sin(rows[:, 0]) + rows[:, 2] * rows[:, 3] + rng.normal(size=3000))
    settings = {**SETTINGS, "objective": "regression", "num_leaves": 31}
    model = loaded(train(settings, Dataset(rows, target, categorical_feature=list(categorical), params=settings), 100), method=method)
    feeds = model.sample(np.random.default_rng(0), {"batch": 5000})
    (got,), (want,) = run_graph(model, feeds).values(), model.run(feeds).values()
    assert got.dtype == np.float32
    assert np.abs(want).min() < 1000
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=0)


def test_sums_of_small_terms_stay_in_float32(wine: Any, regressor: Any, tmp_path: Path) -> None:
    """They are right as they are, and the graph is smaller."""
    for model, dtype in ((wine, np.float32), (regressor, np.float64)):
        loaded(model).exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
        nodes = [node for node in onnx.load(tmp_path / "graph.onnx").graph.node if node.op_type == "TreeEnsemble"]
        thresholds = [onnx.numpy_helper.to_array(each.t) for node in nodes for each in node.attribute if each.name == "nodes_splits"]
        assert {each.dtype.type for each in thresholds} == {dtype}


def test_what_needs_double_sums_follows_from_leaves_and_link(wine: Any, regressor: Any) -> None:
    small, large = (loaded(model).loaded.text for model in (wine, regressor))
    assert largest_terms(small) < 10
    assert largest_terms(large) > 100
    assert not needs_double_sums(small, Link.SOFTMAX)
    assert not needs_double_sums(small, Link.IDENTITY)
    assert needs_double_sums(large, Link.IDENTITY)
    between = replace(small, trees=replace(small.trees, values=small.trees.values * 100 / largest_terms(small)))
    assert largest_terms(between) == pytest.approx(100)
    assert needs_double_sums(between, Link.EXP)
    assert not needs_double_sums(between, Link.SIGMOID)


def test_iterations(wine: Any, run_graph: Run) -> None:
    booster = wine.booster_
    for start, count, trees in [(0, 0, 36), (0, 5, 15), (3, 4, 12), (3, 0, 27), (10, 50, 6), (0, -1, 36)]:
        model = loaded(booster, start_iteration=start, num_iteration=count, method="raw")
        assert len(model.loaded.text.trees) == trees
        check(model, run_graph, 300)
    rows = np.zeros((1, 13))
    part = run_graph(loaded(wine, start_iteration=3, num_iteration=4), {"features": rows.astype(np.float32)})
    np.testing.assert_allclose(part["probabilities"], wine.predict_proba(rows, start_iteration=3, num_iteration=4), rtol=1e-5)


def test_a_forest_averages_the_iterations_that_answer(telling: Table, run_graph: Run) -> None:
    booster = trained(telling, objective="regression", boosting="rf", bagging_freq=1, bagging_fraction=0.7)
    check(loaded(booster, num_iteration=4, start_iteration=2), run_graph)
    feeds = {"features": telling[0][:50].astype(np.float32)}
    few, all_ = (run_graph(loaded(booster, num_iteration=count), feeds)["prediction"] for count in (4, 0))
    assert few == pytest.approx(booster.predict(feeds["features"], num_iteration=4), rel=1e-5)
    assert few != pytest.approx(all_, rel=1e-2)


def test_iterations_of_a_file(wine: Any, tmp_path: Path, run_graph: Run) -> None:
    wine.booster_.save_model(tmp_path / "model.txt")
    model = load(LoadRequest(Source.of(tmp_path / "model.txt"), options={"num_iteration": 2}))
    assert len(model.loaded.text.trees) == 6
    check(model, run_graph, 300)


def test_iterations_that_are_not_there_are_refused(wine: Any) -> None:
    for start in (12, 40, -1):
        with pytest.raises(UsageError, match=f"start_iteration={start} leaves none of the 12 iterations of LGBMClassifier") as caught:
            loaded(wine, start_iteration=start)
        assert caught.value.hint == "a number from 0 to 11"


def test_the_best_iteration_is_honoured(cancer: tuple[Any, Any], run_graph: Run) -> None:
    rows, target = cancer[0].to_numpy(), cancer[1] == "benign"
    stop, halves = early_stopping(3, verbose=False), (slice(300), slice(300, None))
    settings = {"n_estimators": 200, "learning_rate": 0.3, "verbose": -1, "n_jobs": 1}
    classifier = LGBMClassifier(**settings).fit(rows[halves[0]], target[halves[0]], eval_set=[(rows[halves[1]], target[halves[1]])], callbacks=[stop])
    booster = train({**SETTINGS, "objective": "binary", "learning_rate": 0.3}, Dataset(rows, target), 12)
    booster.best_iteration = 5
    assert len(loaded(classifier).loaded.text.trees) == classifier.best_iteration_ < 200
    assert len(loaded(booster).loaded.text.trees) == 5
    for model in (classifier, booster):
        check(loaded(model), run_graph, 500)
    everything = loaded(booster, num_iteration=-1)
    assert len(everything.loaded.text.trees) == 12
    check(everything, run_graph, 500)


def test_constant_trees(run_graph: Run) -> None:
    rows = np.arange(40.0).reshape(20, 2)
    for target in (np.zeros(20), np.full(20, 3.5)):
        model = loaded(LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1).fit(rows, target))
        assert (model.loaded.text.trees.leaves == 1).all()
        check(model, run_graph, 10)
        check(loaded(model.loaded.wrapper, method="leaf"), run_graph, 10)


def test_one_leaf_trees_among_others(telling: Table, run_graph: Run) -> None:
    booster = trained(telling, objective="multiclass", num_class=4, min_data_in_leaf=60, iterations=6)
    assert set(loaded(booster).loaded.text.trees.leaves == 1) == {True, False}
    check(loaded(booster), run_graph)
    check(loaded(booster, method="leaf"), run_graph)


@pytest.mark.parametrize("only", ["yes", 7])
def test_a_classifier_of_one_class(run_graph: Run, only: Any) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    model = loaded(LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(rows, np.full(60, only)))
    answer = run_graph(model, {"features": rows.astype(np.float32)})
    assert set(answer["label"].tolist()) == {only}
    check(model, run_graph, 50)


def _own_loss(predictions: np.ndarray, table: Any) -> tuple[np.ndarray, np.ndarray]:
    target = table if isinstance(table, np.ndarray) else table.get_label()
    return predictions - target, np.ones_like(predictions)


def test_an_objective_of_ones_own_answers_raw_scores(telling: Table, run_graph: Run) -> None:
    booster = trained(telling, objective=_own_loss)
    classifier = LGBMClassifier(objective=lambda target, scores: _own_loss(scores, target), n_estimators=4, verbose=-1, n_jobs=1)
    rows, kinds = telling
    for model in (booster, classifier.fit(rows, kinds > 1)):
        check(one := loaded(model), run_graph)
        assert [output.name for output in one.outputs] == ["prediction"]
        assert one.summary.partition(":")[0].endswith(", own objective")


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova", "binary"])
def test_words_are_kept(telling: Table, run_graph: Run, objective: str) -> None:
    rows, kinds = telling
    words = np.array(["north", "east", "süd", "west"], object)[kinds if objective != "binary" else (kinds > 1).astype(int)]
    model = loaded(LGBMClassifier(objective=objective, n_estimators=30, verbose=-1, n_jobs=1).fit(rows, words))
    check(model, run_graph)
    assert set(run_graph(model, {"features": rows.astype(np.float32)})["label"]) == set(words)


def test_a_given_opset_and_dims_are_honoured(wine: Any, tmp_path: Path) -> None:
    loaded(wine).exporters[0].write(ExportRequest(tmp_path / "graph.onnx", 17))
    graph = onnx.load(tmp_path / "graph.onnx")
    assert {each.domain: each.version for each in graph.opset_import}[""] == 17
    shapes = {
        each.name: [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim] for each in [*graph.graph.input, *graph.graph.output]
    }
    assert shapes == {"features": ["batch", 13], "label": ["batch"], "probabilities": ["batch", 3]}
    onnx.checker.check_model(graph, full_check=True)


def test_a_fixed_batch_is_kept(wine: Any, tmp_path: Path) -> None:
    inputs, axes = parse_inputs(["x:float32[3,13]"])
    load(LoadRequest(Source.of(wine), inputs=inputs, axes=axes)).exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
    graph = onnx.load(tmp_path / "graph.onnx").graph
    assert [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim] == [3, 13]
    assert [dim.dim_value for dim in graph.output[1].type.tensor_type.shape.dim] == [3, 3]
