"""The loaded model: one matrix, telling rows, the model's own answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import Dataset, LGBMClassifier, LGBMRanker, train

from converter.plugin import Axis, LoadRequest, MissingInputs, Source, parse_inputs
from converter.trees import Ensemble, decide
from converter_lightgbm.ensemble import Matrix, ensemble_of
from converter_lightgbm.model import LightGBMModel, load

SETTINGS: dict[str, Any] = {"n_estimators": 5, "verbose": -1, "n_jobs": 1}


def loaded(model: Any, *inputs: str, columns: dict[str, np.ndarray] | None = None) -> LightGBMModel:
    parsed, axes = parse_inputs(inputs)
    return load(LoadRequest(Source.of(model), inputs=parsed, axes=axes, columns=columns))


def rows(model: LightGBMModel, count: int = 4000) -> np.ndarray:
    (drawn,) = model.sample(np.random.default_rng(1), {"batch": count}).values()
    return drawn


def test_the_input_is_one_matrix(classifier: Any) -> None:
    model = loaded(classifier)
    (features,) = model.inputs
    assert (features.name, features.dtype, features.dims) == ("features", "float32", ("batch", 30))
    assert features.columns[0] == "mean_radius"
    assert model.axes == {"batch": Axis(1, 4096, usual=512)}
    assert model.summary == "LGBMClassifier, binary: 12 trees, 30 features, 2 classes"


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
    assert wanted > 300
    assert hits == wanted


def moved(ensemble: Ensemble, split: int, end: float) -> Ensemble:
    """The threshold of one split goes one float32 toward an end."""
    held = np.float32(ensemble.thresholds[split])
    at = held if held <= ensemble.thresholds[split] else np.nextafter(held, np.float32(-np.inf))  # what decides float32 rows
    thresholds = ensemble.thresholds.copy()
    thresholds[split] = np.nextafter(at, np.float32(end))
    return replace(ensemble, thresholds=thresholds)


def test_a_usual_batch_tells_of_every_threshold_whether_it_is_one_step_off(cancer: tuple[Any, Any]) -> None:
    model = loaded(LGBMClassifier(n_estimators=10, num_leaves=15, verbose=-1, n_jobs=1).fit(*cancer))
    text = model.loaded.text
    drawn = rows(model, model.axes["batch"].usual)
    ensemble = ensemble_of(text, Matrix.of(text.trees, text.width), "float32")
    right = decide(ensemble, drawn)
    splits = np.nonzero(~ensemble.is_leaf)[0]
    assert len(splits) > 100
    for split in splits:
        for end in (-np.inf, np.inf):
            assert (decide(moved(ensemble, split, end), drawn) != right).any()


def test_a_usual_batch_has_as_many_rows_as_splits_need_and_time_allows(telling: tuple[np.ndarray, np.ndarray]) -> None:
    table, kinds = telling
    parameters = {"objective": "regression", "num_leaves": 31, "min_data_in_leaf": 1, "verbose": -1, "num_threads": 1}
    usual = {}
    for trees in (3, 60, 1500):
        axis = loaded(train(parameters, Dataset(table, kinds), trees)).axes["batch"]
        usual[trees] = axis.usual
        assert axis.high >= axis.usual >= 512
    assert usual[3] == 512
    assert usual[60] >= 2 * 60 * 30
    assert usual[1500] < 3000


def test_a_batch_of_ones_own_sizes_keeps_them(wine: Any) -> None:
    assert loaded(wine, "x:float32[rows=2..9,13]").axes == {"rows": Axis(2, 9)}
    assert loaded(wine, "x:float32[rows,13]").axes == {"rows": loaded(wine).axes["batch"]}


def test_rows_have_missing_values_and_unknown_categories_where_the_model_knows_such(mixed: Any, wine: Any) -> None:
    kinds, size, constant = rows(loaded(mixed)).T
    assert set(kinds[np.isfinite(kinds)]) > set(range(12))
    assert {-1.0, 12.0, 51.0} <= set(kinds)
    assert 0.02 < np.isnan(size).mean() < 0.15
    assert np.isfinite(constant).all()
    assert not np.isnan(rows(loaded(wine))).any()


def test_infinities_are_tried_but_not_as_arguments_of_linear_functions(wine: Any, cancer: tuple[Any, Any]) -> None:
    assert np.isinf(rows(loaded(wine))).any(axis=0).sum() > 10
    model = loaded(LGBMClassifier(linear_tree=True, **SETTINGS).fit(*cancer))
    assert model.loaded.text.trees.linear is not None
    arguments = np.unique(model.loaded.text.trees.linear.features)
    assert np.isfinite(rows(model)[:, arguments]).all()


def test_zero_that_counts_as_missing_is_tried() -> None:
    rng = np.random.default_rng(0)
    table = np.where(rng.random((400, 2)) < 0.4, 0, rng.normal(size=(400, 2)))
    model = loaded(LGBMClassifier(zero_as_missing=True, **SETTINGS).fit(table, table[:, 0] > 0.1))
    drawn = rows(model)
    assert (drawn[:, 0] == 0).mean() > 0.02
    assert np.isnan(drawn[:, 0]).mean() > 0.02


def test_a_classifier_answers_its_labels_and_probabilities(classifier: Any, cancer: tuple[Any, Any]) -> None:
    model = loaded(classifier)
    answer = model.run({"features": cancer[0].to_numpy(np.float32)})
    assert [(each.name, each.label_of) for each in model.outputs] == [("label", "probabilities"), ("probabilities", "")]
    assert set(answer["label"]) == {"benign", "malignant"}
    assert answer["label"].dtype == object
    np.testing.assert_allclose(answer["probabilities"], classifier.predict_proba(cancer[0].astype(np.float32)))
    assert json.loads(model.metadata["classes"]) == ["benign", "malignant"]


def test_a_booster_answers_like_its_wrapper(classifier: Any, wine: Any) -> None:
    for wrapper in (classifier, wine):
        one, other = loaded(wrapper), loaded(wrapper.booster_)
        feeds = {"features": rows(one, 500)}
        np.testing.assert_array_equal(one.run(feeds)["probabilities"], other.run(feeds)["probabilities"])
        classes = np.array(json.loads(one.metadata["classes"]), object)
        assert classes[other.run(feeds)["label"]].tolist() == one.run(feeds)["label"].tolist()
        assert other.run(feeds)["label"].dtype == np.int64
        assert json.loads(other.metadata["classes"]) == list(range(len(classes)))


def test_truth_values_and_whole_floats_become_whole_numbers(cancer: tuple[Any, Any]) -> None:
    for target in (cancer[1] == "benign", np.where(cancer[1] == "benign", 2.0, 5.0)):
        answer = loaded(LGBMClassifier(**SETTINGS).fit(cancer[0], target)).run({"features": cancer[0].to_numpy(np.float32)})
        assert answer["label"].dtype == np.int64
        assert set(answer["label"]) == set(target.astype(int))


def test_other_models_answer_a_prediction(regressor: Any, cancer: tuple[Any, Any]) -> None:
    ranker = LGBMRanker(**SETTINGS).fit(cancer[0], cancer[1] == "benign", group=[len(cancer[0])])
    entropy = train({"objective": "cross_entropy", "verbose": -1, "num_threads": 1}, Dataset(cancer[0], cancer[1] == "benign"), 3)
    for each in (regressor, ranker, entropy):
        model = loaded(each)
        answer = model.run({"features": rows(model, 9)})
        assert list(answer) == [output.name for output in model.outputs] == ["prediction"]
        assert answer["prediction"].shape == (9,)
        assert model.metadata == {}


def test_the_categories_of_a_pandas_column_are_in_the_metadata() -> None:
    table = pd.DataFrame({"kind": pd.Categorical(list("xyzw") * 50), "size": np.arange(200.0)})
    model = loaded(LGBMClassifier(**SETTINGS, min_child_samples=5).fit(table, table["kind"].isin(["x", "z"]).to_numpy()))
    assert json.loads(model.metadata["categories"]) == [["w", "x", "y", "z"]]


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


def test_an_option_and_a_given_input_agree_on_the_dtype(wine: Any) -> None:
    parsed, axes = parse_inputs(["x:float32[batch,13]"])
    with pytest.raises(MissingInputs, match="the model takes float64, not float32") as caught:
        load(LoadRequest(Source.of(wine), inputs=parsed, axes=axes, options={"dtype": "float64"}))
    assert caught.value.hint == "--input 'features:float64[batch,13]'"
    assert load(LoadRequest(Source.of(wine), options={"dtype": "float64"})).inputs[0].dtype == "float64"


def test_a_table_gives_the_columns_of_a_model_without_names(wine: Any) -> None:
    columns = {f"c{place}": np.zeros(3) for place in range(13)}
    assert loaded(wine, columns=columns).inputs[0].columns == tuple(columns)


def test_a_table_may_have_further_columns_and_spaces_in_names(classifier: Any, cancer: tuple[Any, Any]) -> None:
    columns = {str(name): cancer[0][name].to_numpy() for name in cancer[0]} | {"target": cancer[1]}
    assert loaded(classifier, columns=columns).inputs[0].columns == tuple(cancer[0].columns)


def test_a_table_that_lacks_a_column_is_refused(classifier: Any) -> None:
    with pytest.raises(MissingInputs, match="the table lacks the column 'mean_radius' of the 30 that LGBMClassifier takes") as caught:
        loaded(classifier, columns={"x": np.zeros(3)})
    assert caught.value.hint == "its columns: x"


def test_a_table_of_another_width_is_refused_where_the_model_has_no_names(wine: Any) -> None:
    with pytest.raises(MissingInputs, match="the table has 14 columns, LGBMClassifier takes 13 without names") as caught:
        loaded(wine, columns={f"c{place}": np.zeros(3) for place in range(14)})
    assert caught.value.hint.startswith("its columns: c0, c1")
    assert caught.value.hint.endswith("leave the target out")


def test_words_in_a_table_are_refused_where_the_model_takes_their_codes() -> None:
    table = pd.DataFrame({"kind": pd.Categorical(list("xyzw") * 50), "size": np.arange(200.0)})
    model = LGBMClassifier(**SETTINGS, min_child_samples=5).fit(table, table["kind"].isin(["x", "z"]).to_numpy())
    columns = {"size": table["size"].to_numpy(), "kind": table["kind"].to_numpy(object)}
    with pytest.raises(MissingInputs, match="the column 'kind' of the table holds words, LGBMClassifier takes the codes of its categories") as caught:
        loaded(model, columns=columns)
    expected = """codes are what table['kind'].cat.codes gives; the model's categories, in their order: [["w", "x", "y", "z"]]"""
    assert caught.value.hint == expected
    assert loaded(model, columns={**columns, "kind": table["kind"].cat.codes.to_numpy()}).inputs[0].columns == ("kind", "size")
