"""The loaded model: its inputs come from what is fitted, from a table, or from the request; its rows are telling ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

from converter.plugin import Axis, Domain, ExportRequest, Input, LoadRequest, MissingInputs, Source, parse_inputs
from converter.specs import ModelSpec
from converter_sklearn.model import SklearnModel, load

RNG = np.random.default_rng(0)


def loaded(estimator: Any, *inputs: str, table: pd.DataFrame | None = None) -> SklearnModel:
    parsed, axes = parse_inputs(inputs)
    columns = None if table is None else {str(name): _column(table[name]) for name in table}
    return load(LoadRequest(Source.of(estimator), inputs=parsed, axes=axes, columns=columns))


def _column(values: Any) -> np.ndarray:
    return values.to_numpy() if values.dtype.kind in "iufb" else values.to_numpy(object)


def rows(model: SklearnModel, count: int = 2000) -> dict[str, np.ndarray]:
    return model.sample(np.random.default_rng(1), {"batch": count})


def test_a_pipeline_shows_its_columns_without_a_table(pipeline: Any) -> None:
    model = loaded(pipeline)
    assert model.inputs == (
        Input("age", "float32", ("batch", 1), model.inputs[0].domain, ("age",)),
        Input("fare", "float32", ("batch", 1), model.inputs[1].domain, ("fare",)),
        Input("sex", "string", ("batch", 1), Domain(values=("female", "male", "something unknown")), ("sex",)),
        Input("port", "string", ("batch", 1), Domain(values=("Cherbourg", "Queenstown", "Southampton", "something unknown")), ("port",)),
        Input("class", "int64", ("batch", 1), Domain(values=(1, 2, 3, 4)), ("class",)),
    )
    assert model.inputs[0].domain.nan
    low, high = model.inputs[0].domain.low, model.inputs[0].domain.high
    assert low is not None
    assert high is not None
    assert low < 18
    assert 80 < high < 120
    assert model.axes == {"batch": Axis(1, 4096, usual=512)}
    assert [(each.name, each.label_of) for each in model.outputs] == [("label", "probabilities"), ("probabilities", "")]
    assert json.loads(model.metadata["classes"]) == ["no", "yes"]
    assert model.summary == "ColumnTransformer → LogisticRegression: 5 columns, 2 classes"
    assert ModelSpec.from_json(json.loads(json.dumps(model.spec.to_json()))) == model.spec  # plain values, which cross to the host


def test_a_table_shows_dtypes_and_ranges(pipeline: Any, people: Any) -> None:
    age, fare, sex, *_ = loaded(pipeline, table=people).inputs
    assert (age.dtype, age.domain.low, age.domain.high) == ("int64", people["age"].min(), people["age"].max())
    assert (fare.dtype, fare.domain.nan) == ("float32", True)
    assert fare.domain.high == people["fare"].max()
    assert sex.domain == Domain(values=("female", "male", "something unknown"))


def test_the_answer_is_the_estimators_own(pipeline: Any) -> None:
    model = loaded(pipeline)
    feeds = rows(model, 50)
    table = pd.DataFrame({name: values[:, 0] for name, values in feeds.items()})
    answer = model.run(feeds)
    np.testing.assert_allclose(answer["probabilities"], pipeline.predict_proba(table.assign(remark="", member=False)))
    assert answer["label"].tolist() == pipeline.predict(table).tolist()
    assert answer["label"].dtype == object
    assert len(set(answer["label"])) == 2


def test_numbers_are_one_matrix_with_named_columns(cancer: tuple[Any, Any], forest: Any) -> None:
    (features,) = loaded(forest).inputs
    assert (features.name, features.dtype, features.dims) == ("features", "float32", ("batch", 30))
    assert features.columns == tuple(cancer[0].columns)


def test_a_numeric_table_of_several_dtypes_is_one_matrix(people: Any) -> None:
    numbers = people[["age", "class", "member"]]
    model = loaded(LinearRegression().fit(numbers, people["age"]), table=numbers)
    (features,) = model.inputs
    assert (features.dtype, features.columns) == ("float32", ("age", "class", "member"))
    drawn = rows(model)["features"]
    assert drawn[:, 0].min() >= people["age"].min()
    assert set(drawn[:, 2]) == {0.0, 1.0}


def test_strings_alone_are_one_matrix() -> None:
    words = np.array([["a", "x"], ["b", "y"]] * 5, object)
    model = loaded(make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(words, [0, 1] * 5))
    assert [(each.name, each.dtype, each.dims) for each in model.inputs] == [("features", "string", ("batch", 2))]
    drawn = rows(model)["features"]
    assert set(drawn[:, 0]) == {"a", "b", "something unknown"}
    assert set(drawn[:, 1]) == {"x", "y", "something unknown"}


def test_an_encoder_that_refuses_the_unknown_is_given_none() -> None:
    words = np.array([["a"], ["b"]] * 5, object)
    model = loaded(make_pipeline(OrdinalEncoder(), LogisticRegression()).fit(words, [0, 1] * 5))
    assert set(rows(model)["features"][:, 0]) == {"a", "b"}


def test_a_mixture_without_names_has_an_input_for_each_column() -> None:
    mixed = np.empty((10, 2), object)
    mixed[:, 0], mixed[:, 1] = ["a", "b"] * 5, np.arange(10.0)
    columns = ColumnTransformer([("words", OneHotEncoder(), [0]), ("numbers", StandardScaler(), [1])])
    model = loaded(make_pipeline(columns, LogisticRegression()).fit(mixed, [0, 1] * 5))
    assert [(each.name, each.dtype, each.dims) for each in model.inputs] == [("x0", "string", ("batch", 1)), ("x1", "float32", ("batch", 1))]
    assert model.run(rows(model, 9))["label"].shape == (9,)


@pytest.mark.parametrize(
    "estimator", [RandomForestClassifier(5, random_state=0), GradientBoostingRegressor(n_estimators=5), HistGradientBoostingRegressor(max_iter=2)]
)
def test_trees_get_rows_on_and_one_step_beside_their_thresholds(cancer: tuple[Any, Any], estimator: Any) -> None:
    model = loaded(estimator.fit(*cancer))
    drawn = rows(model)["features"]
    hits = 0
    for place, column in enumerate(model.layout.blocks[0]):
        for threshold in column.thresholds.astype(np.float32):
            near = [np.nextafter(threshold, np.float32(-np.inf)), threshold, np.nextafter(threshold, np.float32(np.inf))]
            hits += all((drawn[:, place] == value).any() for value in near)
    assert hits > 0.9 * sum(len(column.thresholds) for column in model.layout.blocks[0])
    assert drawn.dtype == np.float32


def test_scaled_columns_get_rows_in_their_range(cancer: tuple[Any, Any]) -> None:
    model = loaded(make_pipeline(StandardScaler(), LogisticRegression()).fit(*cancer))
    drawn = rows(model)["features"]
    assert (np.abs(drawn.mean(0) - cancer[0].mean()) < 0.2 * cancer[0].std()).all()
    scaled = loaded(make_pipeline(MinMaxScaler(), LogisticRegression()).fit(*cancer))
    assert (rows(scaled)["features"] <= cancer[0].max().to_numpy(np.float32)).all()


def test_a_model_that_holds_training_rows_gets_some_of_them(cancer: tuple[Any, Any]) -> None:
    table = cancer[0].to_numpy()
    drawn = rows(loaded(KNeighborsClassifier().fit(table, cancer[1])))["features"]
    known = {row.tobytes() for row in table.astype(np.float32)}
    assert 0.2 < np.mean([row.tobytes() in known for row in drawn]) < 0.5


def test_rows_follow_from_the_seed(forest: Any) -> None:
    np.testing.assert_array_equal(rows(loaded(forest))["features"], rows(loaded(forest))["features"])


def test_a_text_column_among_others_has_words() -> None:
    table = pd.DataFrame({"title": ["the cat", "a dog", "the dog", "cats"] * 5, "size": np.arange(20.0)})
    columns = ColumnTransformer([("words", TfidfVectorizer(), "title"), ("numbers", StandardScaler(), ["size"])])
    model = loaded(make_pipeline(columns, LogisticRegression()).fit(table, [0, 1] * 10))
    assert [(each.name, each.dtype, each.dims) for each in model.inputs] == [("title", "string", ("batch", 1)), ("size", "float32", ("batch", 1))]
    assert {"cat", "dog", "zyzzyva"} <= set(" ".join(rows(model)["title"][:, 0]).lower().split())


@pytest.mark.parametrize(("missing", "expected"), [(np.nan, True), (-1, False)])
def test_missing_numbers_are_drawn_where_an_imputer_takes_them(missing: float, expected: bool) -> None:  # noqa: FBT001
    table = RNG.normal(size=(40, 2))
    table[::5, 0] = missing
    drawn = rows(loaded(make_pipeline(SimpleImputer(missing_values=missing), LinearRegression()).fit(table, table[:, 1])))["features"]
    assert np.isnan(drawn).any() == expected
    assert (drawn == missing).any() != expected


def test_categories_without_an_encoder_are_kept() -> None:
    counts = RNG.integers(0, 3, (40, 2))
    model = loaded(CategoricalNB().fit(counts, counts[:, 0]))
    assert set(np.unique(rows(model)["features"])) == {0.0, 1.0, 2.0}


def test_texts_are_one_input_of_known_and_unknown_words() -> None:
    texts = ["the cat sat", "a dog ran", "the dog sat", "cats and dogs"] * 3
    model = loaded(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 1, 0] * 3))
    assert [(each.name, each.dtype, each.dims) for each in model.inputs] == [("text", "string", ("batch",))]
    drawn = " ".join(rows(model, 100)["text"]).lower().split()
    assert {"cat", "dog", "zyzzyva"} <= set(drawn)
    assert model.run(rows(model, 7))["probabilities"].shape == (7, 2)


@pytest.mark.parametrize(
    ("estimator", "target", "expected"),
    [
        (LinearSVC(), "classes", [("label", "", "int64", 1)]),
        (LogisticRegression(), "flags", [("label", "probabilities", "int64", 1), ("probabilities", "", "float64", 2)]),
        (LinearRegression(), "numbers", [("prediction", "", "float64", 1)]),
        (KMeans(3, n_init=1), "numbers", [("label", "", "int64", 1)]),
        (GaussianMixture(2), "numbers", [("label", "probabilities", "int64", 1), ("probabilities", "", "float64", 2)]),
        (IsolationForest(n_estimators=5), "numbers", [("label", "scores", "int64", 1), ("scores", "", "float64", 1)]),
        (StandardScaler(), "numbers", [("transformed", "", "float64", 2)]),
        (RandomForestClassifier(3), "several", [("label", "", "int64", 2), ("probabilities", "", "float64", 3)]),
        (MultiOutputClassifier(LogisticRegression()), "several", [("label", "", "int64", 2), ("probabilities", "", "float64", 3)]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_outputs_follow_the_kind_of_estimator(estimator: Any, target: str, expected: list[tuple[str, str, str, int]]) -> None:
    table = RNG.normal(size=(60, 3))
    classes = np.arange(60) % 3
    targets = {"classes": classes, "flags": classes > 0, "numbers": table.sum(1), "several": np.stack([classes, (classes + 1) % 3], 1)}
    model = loaded(estimator.fit(table, targets[target]))
    answer = model.run(rows(model, 11))
    found = [(each.name, each.label_of, answer[each.name].dtype.name, answer[each.name].ndim) for each in model.outputs]
    assert found == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_estimator_answers_in_the_dtype_that_it_was_fitted_in(dtype: type[np.floating]) -> None:
    table = RNG.normal(size=(60, 3)).astype(dtype)
    model = loaded(KMeans(3, n_init=1, random_state=0).fit(table))
    assert model.floats is dtype


def test_sparse_answers_become_dense() -> None:
    words = np.array([["a"], ["b"]] * 5, object)
    model = loaded(OneHotEncoder().fit(words))
    assert model.run({"features": np.array([["b"]], object)})["transformed"].tolist() == [[0.0, 1.0]]


def test_a_column_named_like_an_output_keeps_its_name(tmp_path: Path) -> None:
    table = pd.DataFrame({"label": ["a", "b"] * 10, "size": np.arange(20.0)})
    columns = ColumnTransformer([("words", OneHotEncoder(), ["label"]), ("numbers", StandardScaler(), ["size"])])
    model = loaded(make_pipeline(columns, LogisticRegression()).fit(table, [0, 1] * 10))
    assert [each.name for each in model.inputs] == ["label", "size"]
    assert [(each.name, each.label_of) for each in model.outputs] == [("output.label", "probabilities"), ("probabilities", "")]
    assert set(model.run(rows(model, 5))) == {"output.label", "probabilities"}
    model.exporters[0].write(ExportRequest(tmp_path / "graph.onnx"))
    assert [each.name for each in onnx.load(tmp_path / "graph.onnx").graph.output] == ["output.label", "probabilities"]


def test_given_inputs_win(pipeline: Any, forest: Any) -> None:
    model = loaded(forest, "x:float64[rows=2..9,30]")
    assert [(each.name, each.dtype, each.dims) for each in model.inputs] == [("x", "float64", ("rows", 30))]
    assert model.axes == {"rows": Axis(2, 9)}
    assert model.run(model.sample(RNG, {"rows": 4}))["label"].shape == (4,)
    assert loaded(forest, "x:float32[4,30]").axes == {}
    texts = [f"{name}:string[batch,1]{{a,b}}" for name in ("sex", "port")]
    given = loaded(pipeline, "class:int64[batch,1]", "age:int64[batch,1]{1..5}", "fare:float32[batch,1]", *texts)
    assert [each.name for each in given.inputs] == ["class", "age", "fare", "sex", "port"]
    drawn = rows(given)
    assert set(drawn["age"][:, 0]) == {1, 2, 3, 4, 5}
    assert set(drawn["sex"][:, 0]) == {"a", "b"}
    assert set(drawn["class"][:, 0]) == {1, 2, 3, 4}
    assert given.run(drawn)["label"].shape == (2000,)


def test_inputs_of_another_width_are_refused(forest: Any) -> None:
    with pytest.raises(MissingInputs, match="the inputs have 7 columns, the model takes 30") as caught:
        loaded(forest, "x:float32[batch,7]")
    assert caught.value.hint == "--input 'features:float32[batch,30]'"


def test_inputs_that_are_no_table_are_refused(forest: Any) -> None:
    with pytest.raises(MissingInputs, match=r"input 'x' has dims \['batch', 3, 10\], which is no table") as caught:
        loaded(forest, "x:float32[batch,3,10]")
    assert "[batch,4]" in caught.value.hint


def test_a_model_that_tells_no_columns_wants_them() -> None:
    blind = FunctionTransformer(np.log1p)
    with pytest.raises(MissingInputs, match="FunctionTransformer does not tell which columns it takes") as caught:
        loaded(blind)
    assert caught.value.hint == "--data train.csv shows them, or --input 'features:float32[batch,4]' names them"
    assert loaded(blind, "x:float32[batch,2]").run({"x": np.zeros((3, 2), np.float32)})["transformed"].shape == (3, 2)


def one_column(table: np.ndarray) -> np.ndarray:
    if table.shape[1] != 1:
        raise ValueError("one column, please")
    return table


def test_columns_that_the_model_does_not_take_are_shown() -> None:
    with pytest.raises(MissingInputs, match=r"does not take x:float32\[batch=1\.\.4096,3\]\{0\.\.1\}: one column, please") as caught:
        loaded(FunctionTransformer(one_column), "x:float32[batch,3]{0..1}")
    assert "--data train.csv" in caught.value.hint


def test_a_table_that_lacks_a_column_is_refused(pipeline: Any, people: Any) -> None:
    with pytest.raises(MissingInputs, match="the table lacks the column 'fare', which Pipeline was fitted on") as caught:
        loaded(pipeline, table=people.drop(columns="fare"))
    assert caught.value.hint.startswith("its columns: age, sex")


def test_a_table_of_another_width_is_refused(cancer: tuple[Any, Any]) -> None:
    model = LogisticRegression(max_iter=5000).fit(cancer[0].to_numpy()[:, :3], cancer[1])
    with pytest.raises(MissingInputs, match="the table has 30 columns, LogisticRegression takes 3") as caught:
        loaded(model, table=cancer[0])
    assert "leave the target" in caught.value.hint
