"""The loaded model: one matrix, telling rows, the model's own answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from converter.plugin import Axis, LoadRequest, MissingInputs, Source, UsageError, parse_inputs
from converter.trees import rows_to_prove
from converter_catboost.model import CatBoostModel, load

SETTINGS: dict[str, Any] = {"iterations": 5, "depth": 3, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


def loaded(model: Any, *inputs: str, columns: dict[str, np.ndarray] | None = None, **options: Any) -> CatBoostModel:
    parsed, axes = parse_inputs(inputs)
    return load(LoadRequest(Source.of(model), inputs=parsed, axes=axes, columns=columns, options=options))


def rows(model: CatBoostModel, count: int = 4000) -> np.ndarray:
    (drawn,) = model.sample(np.random.default_rng(1), {"batch": count}).values()
    return drawn


def test_the_input_is_one_matrix(classifier: Any) -> None:
    model = loaded(classifier)
    (features,) = model.inputs
    assert (features.name, features.dtype, features.dims) == ("features", "float32", ("batch", 30))
    assert features.columns[0] == "mean radius"
    assert model.axes == {"batch": rows_to_prove(model._ensemble)}
    assert model.summary == "CatBoostClassifier, Logloss: 20 symmetric trees, 30 features, 2 classes"


def test_rows_lie_on_and_one_step_beside_the_borders(wine: Any) -> None:
    model = loaded(wine)
    drawn = rows(model)
    assert drawn.dtype == np.float32
    wanted, hits = 0, 0
    for place, column in enumerate(model.layout.columns):
        for border in np.float32(column.thresholds):
            near = [np.nextafter(border, np.float32(-np.inf)), border, np.nextafter(border, np.float32(np.inf))]
            wanted += 3
            hits += sum((drawn[:, place] == value).any() for value in near)
    assert wanted > 150
    assert hits == wanted


def test_rows_are_missing_and_infinite_in_every_column(wine: Any) -> None:
    drawn = rows(loaded(wine))
    assert np.isnan(drawn).any(axis=0).all()
    assert (np.isposinf(drawn).any(axis=0) & np.isneginf(drawn).any(axis=0)).all()


def test_a_classifier_answers_its_labels_and_probabilities(classifier: Any, cancer: tuple[Any, Any]) -> None:
    model = loaded(classifier)
    answer = model.run({"features": cancer[0].to_numpy(np.float32)})
    assert [(each.name, each.label_of) for each in model.outputs] == [("label", "probabilities"), ("probabilities", "")]
    assert set(answer["label"]) == {"benign", "malignant"}
    assert answer["label"].dtype == object
    np.testing.assert_array_equal(answer["probabilities"], classifier.predict_proba(cancer[0].astype(np.float32)))
    assert json.loads(model.metadata["classes"]) == ["benign", "malignant"]


def test_labels_of_several_classes_are_flat(wine: Any) -> None:
    model = loaded(wine)
    answer = model.run({"features": rows(model, 50)})
    assert answer["label"].shape == (50,)
    assert answer["label"].dtype == np.int64
    assert answer["probabilities"].shape == (50, 3)


def test_truth_values_and_whole_floats_become_whole_numbers(cancer: tuple[Any, Any]) -> None:
    benign = cancer[1] == "benign"
    for target, kind in ((benign, np.int64), (np.where(benign, 2.0, 5.0), np.int64), (np.where(benign, 2.5, 5.0), np.float64)):
        model = loaded(CatBoostClassifier(**SETTINGS).fit(cancer[0], target))
        answer = model.run({"features": cancer[0].to_numpy(np.float32)})
        assert answer["label"].dtype == kind
        assert set(answer["label"]) == set(target.astype(kind))
        assert json.loads(model.metadata["classes"]) == sorted(set(target.astype(kind).tolist()))


def test_the_base_class_answers_as_the_wrapper_of_its_loss_function(cancer: tuple[Any, Any]) -> None:
    rows_, target = cancer[0].to_numpy(np.float32), (cancer[1] == "benign").astype(int)
    for loss, wrapper in (("Logloss", CatBoostClassifier), ("Poisson", CatBoostRegressor), ("RMSEWithUncertainty", CatBoostRegressor)):
        base = loaded(CatBoost({"loss_function": loss, **SETTINGS}).fit(rows_, target)).run({"features": rows_})
        answer = loaded(wrapper(loss_function=loss, **SETTINGS).fit(rows_, target)).run({"features": rows_})
        assert base.keys() == answer.keys()
        for name in base:
            np.testing.assert_array_equal(base[name], answer[name])


def test_other_models_answer_a_prediction(regressor: Any, cancer: tuple[Any, Any]) -> None:
    target = (cancer[1] == "benign").astype(float)
    ranker = CatBoostRanker(loss_function="YetiRank", **SETTINGS).fit(cancer[0], target, group_id=np.arange(len(target)) // 10)
    for each in (regressor, ranker):
        model = loaded(each)
        drawn = rows(model, 9)
        answer = model.run({"features": drawn})
        assert list(answer) == [output.name for output in model.outputs] == ["prediction"]
        np.testing.assert_array_equal(answer["prediction"], each.predict(drawn))
        assert model.metadata == {}


def test_a_method_asks_for_something_else(wine: Any, regressor: Any) -> None:
    names = {method: [each.name for each in loaded(wine, method=method).outputs] for method in ("predict", "probability", "raw", "leaf")}
    assert names == {"predict": ["label", "probabilities"], "probability": ["probabilities"], "raw": ["raw"], "leaf": ["leaves"]}
    with pytest.raises(UsageError, match=r"^a model with the loss function RMSE has no probabilities$") as caught:
        loaded(regressor, method="probability")
    assert caught.value.hint == "-O method=predict, raw or leaf"


def test_the_prediction_of_an_unknown_loss_function_is_refused(wine: Any, tmp_path: Path) -> None:
    (tmp_path / "model.cbm").write_bytes(wine._serialize_model().replace(b'"MultiClass"', b'"MultiGuess"'))
    message = r"^the model has the loss function 'MultiGuess', which is none of CatBoost's that are known: what it predicts cannot be told$"
    for method in ("predict", "probability"):
        with pytest.raises(UsageError, match=message) as caught:
            loaded(tmp_path / "model.cbm", method=method)
        assert caught.value.hint == "-O method=raw converts the sum of its trees, -O method=leaf its leaves"
    assert [each.name for each in loaded(tmp_path / "model.cbm", method="raw").outputs] == ["raw"]


def test_only_the_first_trees_are_asked(wine: Any) -> None:
    model = loaded(wine, method="leaf", iteration_end=7)
    feeds = {"features": rows(model, 20)}
    assert model.run(feeds)["leaves"].shape == (20, 7)
    np.testing.assert_array_equal(
        loaded(wine, method="raw", iteration_end=7).run(feeds)["raw"],
        wine.predict(feeds["features"], prediction_type="RawFormulaVal", ntree_end=7),
    )
    for end in (21, -1):
        with pytest.raises(UsageError, match=f"^the model has 20 trees, not {end}$") as caught:
            loaded(wine, iteration_end=end)
        assert caught.value.hint == "-O iteration_end=20, or 0 for all"


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


def test_a_table_may_have_further_columns(classifier: Any, cancer: tuple[Any, Any]) -> None:
    columns = {"target": cancer[1]} | {str(name): cancer[0][name].to_numpy() for name in cancer[0].columns[::-1]}
    assert loaded(classifier, columns=columns).inputs[0].columns == tuple(cancer[0].columns)


def test_a_table_that_lacks_a_column_is_refused(classifier: Any) -> None:
    with pytest.raises(MissingInputs, match="the table lacks the column 'mean radius' of the 30 that CatBoostClassifier takes") as caught:
        loaded(classifier, columns={"x": np.zeros(3)})
    assert caught.value.hint.startswith("its columns: x")
