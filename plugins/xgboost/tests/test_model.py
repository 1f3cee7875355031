"""The loaded model: one matrix, telling rows, the model's own answers, and what may be asked of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from xgboost import DMatrix, XGBClassifier, XGBRanker, XGBRegressor, train

from converter.plugin import Axis, LoadRequest, MissingInputs, PluginError, Source, UsageError, parse_inputs
from converter.trees import Ensemble
from converter_xgboost.model import XGBoostModel, load
from converter_xgboost.plugin import XGBoost

SETTINGS: dict[str, Any] = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}


def loaded(model: Any, *inputs: str, columns: dict[str, np.ndarray] | None = None, **options: Any) -> XGBoostModel:
    parsed, axes = parse_inputs(inputs)
    return load(LoadRequest(Source.of(model), inputs=parsed, axes=axes, columns=columns, options=options))


def rows(model: XGBoostModel, count: int = 4000) -> np.ndarray:
    (drawn,) = model.sample(np.random.default_rng(1), {"batch": count}).values()
    return drawn


def stopped(cancer: tuple[Any, Any]) -> Any:
    model = XGBClassifier(n_estimators=40, max_depth=2, n_jobs=1, early_stopping_rounds=2, learning_rate=1.0)
    return model.fit(cancer[0][:300], cancer[1][:300], eval_set=[(cancer[0][300:], cancer[1][300:])], verbose=False)


def test_the_input_is_one_matrix(classifier: Any) -> None:
    model = loaded(classifier)
    (features,) = model.inputs
    assert (features.name, features.dtype, features.dims) == ("features", "float32", ("batch", 30))
    assert features.columns[0] == "mean radius"
    assert model.axes == {"batch": Axis(1, 4096, usual=512)}
    assert model.summary == "XGBClassifier, binary:logistic: 12 trees, 30 features, 2 classes"


def test_the_exporters_are_those_that_can(classifier: Any, linear: Any) -> None:
    assert [each.name for each in loaded(classifier).exporters] == ["direct", "onnxmltools"]
    assert [each.name for each in loaded(classifier, method="leaf").exporters] == ["direct"]
    assert [each.name for each in loaded(linear).exporters] == ["direct"]


def test_rows_lie_on_and_one_step_beside_the_thresholds(wine: Any) -> None:
    model = loaded(wine)
    drawn = rows(model)
    assert drawn.dtype == np.float32
    wanted, hits = 0, 0
    for place, column in enumerate(model.columns):
        for threshold in np.float32(column.thresholds):
            near = [np.nextafter(threshold, np.float32(-np.inf)), threshold, np.nextafter(threshold, np.float32(np.inf))]
            wanted += 3
            hits += sum((drawn[:, place] == value).any() for value in near)
    assert wanted > 150
    assert hits == wanted


def test_rows_have_missing_and_infinite_values_and_unknown_categories(mixed: Any) -> None:
    kinds, size, constant = rows(loaded(mixed)).T
    assert set(kinds[np.isfinite(kinds)]) > set(range(12))
    assert {-1.0, 12.0, 51.0, 0.5} <= set(kinds)
    assert 0.02 < np.isnan(size).mean() < 0.15
    assert {np.inf, -np.inf} < set(size)
    assert np.isnan(constant).any()


def test_a_number_that_stands_for_missing_values_is_tried(cancer: tuple[Any, Any]) -> None:
    model = loaded(XGBClassifier(missing=-999.1, **SETTINGS).fit(*cancer))
    drawn = rows(model)
    assert 0.05 < (drawn == np.float32(-999.1)).mean() < 0.15
    without = np.where(drawn == np.float32(-999.1), np.float32(np.nan), drawn)
    for name, value in model.run({"features": without}).items():
        np.testing.assert_array_equal(model.run({"features": drawn})[name], value)


def test_a_classifier_answers_its_labels_and_probabilities(classifier: Any, cancer: tuple[Any, Any]) -> None:
    model = loaded(classifier)
    answer = model.run({"features": cancer[0].to_numpy(np.float32)})
    assert [(each.name, each.label_of) for each in model.outputs] == [("label", "probabilities"), ("probabilities", "")]
    assert answer["label"].dtype == np.int64
    np.testing.assert_array_equal(answer["label"], classifier.predict(cancer[0].astype(np.float32)))
    np.testing.assert_array_equal(answer["probabilities"], classifier.predict_proba(cancer[0].astype(np.float32)))
    assert json.loads(model.metadata["classes"]) == [0, 1]


def test_a_booster_answers_like_its_wrapper(classifier: Any, wine: Any, linear: Any) -> None:
    for wrapper in (classifier, wine, linear):
        one, other = loaded(wrapper), loaded(wrapper.get_booster())
        feeds = {"features": rows(one, 500)}
        for name, value in one.run(feeds).items():
            np.testing.assert_array_equal(other.run(feeds)[name], value)
        assert one.metadata == other.metadata


def test_a_booster_that_says_classes_says_probabilities_too() -> None:
    table = np.random.default_rng(0).normal(size=(200, 4))
    wrapper = XGBClassifier(objective="multi:softmax", **SETTINGS).fit(table, np.digitize(table[:, 0], [-0.5, 0.5]))
    model = loaded(wrapper.get_booster())
    answer = model.run({"features": table.astype(np.float32)})
    np.testing.assert_array_equal(answer["label"], wrapper.predict(table))
    np.testing.assert_allclose(answer["probabilities"], wrapper.predict_proba(table), rtol=1e-5)


def test_other_models_answer_a_prediction(regressor: Any, cancer: tuple[Any, Any]) -> None:
    ranker = XGBRanker(**SETTINGS).fit(*cancer, group=[len(cancer[0])])
    for each in (regressor, ranker, regressor.get_booster()):
        model = loaded(each)
        answer = model.run({"features": rows(model, 9)})
        assert list(answer) == [output.name for output in model.outputs] == ["prediction"]
        assert answer["prediction"].shape == (9,)
        assert model.metadata == {}


def test_the_categories_of_a_table_are_in_the_metadata() -> None:
    table = pd.DataFrame({"kind": pd.Categorical(list("xyzw") * 50), "tens": pd.Categorical([10, 20] * 100), "size": np.arange(200.0)})
    model = loaded(XGBClassifier(**SETTINGS, enable_categorical=True).fit(table, table["kind"].isin(["x", "z"]).to_numpy()))
    assert json.loads(model.metadata["categories"]) == [["w", "x", "y", "z"], [10, 20], None]
    assert set(range(4)) <= set(model.columns[0].categories)


def test_early_stopping_is_honoured_as_xgboost_does(cancer: tuple[Any, Any], tmp_path: Path) -> None:
    wrapper = stopped(cancer)
    best, every = wrapper.best_iteration + 1, wrapper.get_booster().num_boosted_rounds()
    assert best < every
    wrapper.save_model(tmp_path / "model.ubj")
    ended = [loaded(wrapper), loaded(tmp_path / "model.ubj"), loaded(wrapper.get_booster()), loaded(wrapper, iteration_end=every)]
    assert [each.asked.end for each in ended] == [best, best, every, every]
    feeds = {"features": rows(ended[0], 200)}
    np.testing.assert_array_equal(ended[0].run(feeds)["probabilities"], wrapper.predict_proba(feeds["features"]))
    assert (ended[2].run(feeds)["probabilities"] != ended[0].run(feeds)["probabilities"]).any()


def test_double_scores_are_sums_of_xgboosts_leaves(regressor: Any, wine: Any, linear: Any) -> None:
    for each in (regressor, wine, linear):
        single, double = loaded(each), loaded(each, dtype="float64")
        drawn = rows(double, 300)
        assert drawn.dtype == np.float64
        got, own = double.run({"features": drawn}), single.run({"features": drawn.astype(np.float32)})
        for name, value in own.items():
            if name != "label":
                assert got[name].dtype == np.float64
                np.testing.assert_allclose(got[name], value, rtol=1e-5, atol=1e-6)


def test_leaves_that_do_not_add_up_are_named(regressor: Any) -> None:
    model = loaded(regressor, dtype="float64")
    assert isinstance(model.scorer, Ensemble)
    model.scorer = dataclasses.replace(model.scorer, leaf_weights=model.scorer.leaf_weights * 1.0001)
    with pytest.raises(PluginError, match="its leaves add up to another sum than XGBoost's own") as caught:
        model.run({"features": rows(model, 50)})
    assert caught.value.hint == "-O dtype=float32 compares with XGBoost's own sums; please report the model"


def test_given_inputs_win(wine: Any) -> None:
    model = loaded(wine, "x:float64[rows=2..9,13]")
    assert [(each.name, each.dtype) for each in model.inputs] == [("x", "float64")]
    assert model.axes == {"rows": Axis(2, 9)}
    assert model.sample(np.random.default_rng(0), {"rows": 4})["x"].dtype == np.float64


def test_inputs_that_do_not_fit_are_refused(wine: Any) -> None:
    with pytest.raises(MissingInputs, match=r"the model takes one matrix of 13 features, not x\['batch', 7\]") as caught:
        loaded(wine, "x:float32[batch,7]")
    assert caught.value.hint == "--input 'features:float32[batch,13]'"
    with pytest.raises(MissingInputs, match="the model takes floats, not int64"):
        loaded(wine, "x:int64[batch,13]")


def test_a_table_gives_the_columns_of_a_model_without_names(wine: Any) -> None:
    columns = {f"c{place}": np.zeros(3) for place in range(13)}
    assert loaded(wine, columns=columns).inputs[0].columns == tuple(columns)
    assert loaded(wine).inputs[0].columns[-1] == "f12"


def test_a_table_may_have_further_columns(classifier: Any, cancer: tuple[Any, Any]) -> None:
    columns = {str(name): cancer[0][name].to_numpy() for name in cancer[0]} | {"target": cancer[1]}
    assert loaded(classifier, columns=columns).inputs[0].columns == tuple(cancer[0].columns)


def test_a_table_that_does_not_fit_is_refused(classifier: Any, wine: Any) -> None:
    with pytest.raises(MissingInputs, match="the table lacks the column 'mean radius' of the 30 that XGBClassifier takes") as caught:
        loaded(classifier, columns={"x": np.zeros(3)})
    assert caught.value.hint == "its columns: x"
    with pytest.raises(MissingInputs, match="the table has 2 columns, XGBClassifier takes 13 without names") as caught:
        loaded(wine, columns={"x": np.zeros(3), "y": np.zeros(3)})
    assert caught.value.hint == "its columns: x, y; leave the target out"


REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "leaves of a linear model": ("linear", {"method": "leaf"}, "a linear booster has no leaves", "-O method=predict, or raw"),
    "iterations of a linear model": (
        "linear",
        {"iteration_end": 2},
        "a linear booster has no iterations to choose from",
        "leave iteration_begin and iteration_end out",
    ),
    "too many iterations": ("regressor", {"iteration_end": 13}, "iterations 0 to 13 are asked for; the model has 12", "-O iteration_end=12, or less"),
    "none": ("regressor", {"iteration_begin": 3, "iteration_end": 3}, "iterations 3 to 3 are asked for", "-O iteration_end=12, or less"),
    "a negative one": ("regressor", {"iteration_begin": -1}, "iterations -1 to 12 are asked for", "-O iteration_end=12, or less"),
    "no number": ("regressor", {"missing": "none"}, "option missing is a number, not 'none'", "-O missing=-999"),
    "another number": ("regressor", {"missing": "0"}, "the model takes nan for missing, not 0", "leave the option missing out"),
    "probabilities": ("regressor", {"method": "probability"}, "a model of reg:squarederror has no probabilities", "-O method=predict, or raw"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_model_does_not_have_is_refused(name: str, request: pytest.FixtureRequest) -> None:
    model, options, message, hint = REFUSED[name]
    with pytest.raises(UsageError, match=message) as caught:
        loaded(request.getfixturevalue(model), **options)
    assert caught.value.hint == hint


def test_contributions_are_refused_with_the_reason() -> None:
    method = next(option for option in XGBoost.options if option.name == "method")
    with pytest.raises(UsageError, match="feature contributions cannot be converted: each weighs every path") as caught:
        method.parse("contributions")
    assert caught.value.hint == "Booster.predict(pred_contribs=True) computes them; -O method=leaf converts the paths' ends"
    assert method.parse("raw") == "raw"


def test_a_booster_may_be_told_what_is_missing() -> None:
    table = np.random.default_rng(0).integers(-3, 3, (300, 3)).astype(np.float64)
    data = DMatrix(table, table[:, 0] + table[:, 1], missing=-3, nthread=1)
    booster = train({"max_depth": 3, "nthread": 1}, data, 5)
    model = loaded(booster, missing="-3")
    np.testing.assert_array_equal(model.run({"features": table})["prediction"], booster.predict(data))


def test_a_wrapper_without_a_word_for_missing_takes_nan(cancer: tuple[Any, Any]) -> None:
    model = XGBRegressor(**SETTINGS).fit(*cancer)
    model.missing = None
    assert np.isnan(loaded(model).asked.missing)
