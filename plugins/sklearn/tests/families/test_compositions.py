"""Compositions at their edges: one class, dropped and reordered columns, mixed tables through several steps, labels of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import converter
from converter.plugin import ExportError, LoadRequest, Source
from converter_sklearn.model import load

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]


def standard(table: Any) -> tuple[np.ndarray, np.ndarray]:
    return StandardScaler().fit_transform(table[0]), table[1]


WINE, CANCER, DIABETES = (standard(read(return_X_y=True)) for read in (load_wine, load_breast_cancer, load_diabetes))
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def check(model: Any, run_graph: Run, tolerance: float = 1e-5) -> dict[str, np.ndarray]:
    """The graph's answers to a model's own rows are the model's; returns these."""
    feeds = model.sample(np.random.default_rng(0), {"batch": 300})
    got, want = run_graph(model, feeds), model.run(feeds)
    assert list(got) == list(want)
    for name, answer in want.items():
        assert got[name].shape == answer.shape
        if answer.dtype.kind == "f":
            np.testing.assert_allclose(got[name], answer, rtol=tolerance, atol=tolerance)
        elif "probabilities" not in want and "scores" not in want:
            assert got[name].tolist() == answer.tolist()
    return want


@pytest.fixture(scope="module")
def table() -> Any:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "town": rng.choice(["Rome", "Oslo", "Bern"], 200),
            "unused": rng.normal(size=200),
            "age": rng.integers(1, 90, 200),
            "height": rng.normal(1.7, 0.1, 200),
            "member": rng.random(200) < 0.5,
        }
    )


def test_columns_are_dropped_reordered_and_read_twice(table: Any, load_model: Load, run_graph: Run) -> None:
    columns = ColumnTransformer(
        [
            ("last", StandardScaler(), ["height", "age"]),
            ("again", "passthrough", ["age"]),
            ("none", "drop", ["unused"]),
            ("empty", StandardScaler(), []),
        ],
        remainder=OneHotEncoder(),
    )
    model = load_model(columns.fit(table))
    assert [each.name for each in model.inputs] == ["town", "age", "height", "member"]
    check(model, run_graph)


def test_words_pass_through_one_step_to_the_next(table: Any, run_graph: Run) -> None:
    first = ColumnTransformer([("numbers", StandardScaler(), ["age", "height"]), ("words", "passthrough", ["town"])], remainder="drop")
    second = make_column_transformer((OneHotEncoder(), [2]), remainder="passthrough")
    fitted = make_pipeline(first, second, LogisticRegression()).fit(table, table["member"])
    columns = {name: table[name].to_numpy(object if name == "town" else None) for name in table}  # the encoder stands too far behind to tell
    check(load(LoadRequest(Source.of(fitted), columns=columns)), run_graph)


def test_a_column_transformer_inside_another(table: Any, load_model: Load, run_graph: Run) -> None:
    inner = make_column_transformer((StandardScaler(), ["age"]), remainder="passthrough")
    outer = make_column_transformer((inner, ["height", "age"]), (OneHotEncoder(), ["town"]))
    check(load_model(outer.fit(table)), run_graph)


@DTYPES
def test_steps_that_do_nothing(dtype: str, load_model: Load, run_graph: Run) -> None:
    rows, target = WINE
    weighted = FeatureUnion([("one", StandardScaler()), ("two", "passthrough"), ("three", "drop")], transformer_weights={"two": 3.0})
    for model in (
        Pipeline([("none", None), ("scale", StandardScaler()), ("open", "passthrough")]),
        make_pipeline(weighted, "passthrough", LogisticRegression()),
    ):
        check(load_model(model.fit(rows, target), dtype=dtype), run_graph)


def test_columns_of_a_union_are_picked(load_model: Load, run_graph: Run) -> None:
    union = make_union(PCA(2), FunctionTransformer(np.abs), StandardScaler())
    columns = make_column_transformer((StandardScaler(), [0, 3, 20]), (KBinsDiscretizer(4), [1, 16]))
    check(load_model(make_pipeline(union, columns).fit(WINE[0])), run_graph)


def test_searches_inside_pipelines_inside_searches(load_model: Load, run_graph: Run) -> None:
    inner = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)
    outer = GridSearchCV(Pipeline([("union", make_union(StandardScaler(), "passthrough")), ("model", inner)]), {"model__cv": [2, 3]}, cv=2)
    for method in ("predict", "raw"):
        check(load_model(outer.fit(*WINE), method=method), run_graph)


def test_a_class_that_every_row_has_or_none(load_model: Load, run_graph: Run) -> None:
    labels = np.stack([np.arange(178) % 2, np.ones(178), np.zeros(178)], axis=1).astype(int)
    with pytest.warns(UserWarning, match="present in all training examples"):
        estimator = OneVsRestClassifier(LogisticRegression()).fit(WINE[0], labels)
    want = check(load_model(estimator), run_graph)
    assert (want["label"][:, 1:] == [1, 0]).all()


@pytest.mark.parametrize(
    "estimator",
    [
        OneVsRestClassifier(Ridge()),  # one against one scikit-learn itself takes what a regressor predicts for votes
        *(kind(inner) for kind in (OneVsRestClassifier, OneVsOneClassifier) for inner in (DecisionTreeClassifier(max_depth=3), LogisticRegression())),
    ],
    ids=str,
)
def test_two_classes_of_texts(estimator: Any, load_model: Load, run_graph: Run) -> None:
    estimator.fit(CANCER[0], np.array(["benign", "malign"])[CANCER[1]])
    assert set(check(load_model(estimator), run_graph)["label"]) == {"benign", "malign"}


@pytest.mark.parametrize("positive", ["benign", "malign", None])
@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_the_threshold_is_for_the_positive_class(positive: str | None, method: str, load_model: Load, run_graph: Run) -> None:
    labels = np.array(["benign", "malign"])[CANCER[1]]
    threshold = 0.9 if method == "predict_proba" else -1.0
    given: dict[str, Any] = {"pos_label": positive, "response_method": method, "threshold": threshold}
    if positive is None:
        labels = CANCER[1]
    check(load_model(FixedThresholdClassifier(LogisticRegression(), **given).fit(CANCER[0], labels)), run_graph)


def test_outputs_of_words_and_numbers_together_are_refused(load_model: Load, run_graph: Run) -> None:
    target = np.stack([np.array(["red", "white", "rosé"], object)[WINE[1]], WINE[1]], axis=1)
    estimator = MultiOutputClassifier(DecisionTreeClassifier()).fit(WINE[0], target[:, :1])
    estimator.estimators_.append(DecisionTreeClassifier().fit(WINE[0], WINE[1]))
    estimator.classes_ = [each.classes_ for each in estimator.estimators_]
    model = load_model(estimator)
    feeds = model.sample(np.random.default_rng(0), {"batch": 3})
    with pytest.raises(ExportError, match="MultiOutputClassifier cannot be written: some of its outputs are texts and others numbers; skl2onnx: "):
        run_graph(model, feeds)


@DTYPES
def test_trees_that_read_what_trees_say_meet_no_rounded_threshold(dtype: str, load_model: Load, run_graph: Run) -> None:
    rows, target = DIABETES
    tree = DecisionTreeRegressor(random_state=0)
    stacked = StackingRegressor([("one", tree), ("two", Ridge())], final_estimator=DecisionTreeRegressor(random_state=1), passthrough=True, cv=3)
    check(load_model(stacked.fit(rows, target), dtype=dtype), run_graph)
    labels = np.stack([target > 100, target > 150, target > 200], axis=1).astype(int)
    chain = ClassifierChain(RandomForestClassifier(5, random_state=0), order=[1, 2, 0], chain_method="predict_proba").fit(rows, labels)
    for method in ("predict", "probability"):
        check(load_model(chain, dtype=dtype, method=method), run_graph)


def test_a_mixed_table_passes_through_a_stacking(table: Any, load_model: Load, run_graph: Run) -> None:
    encoded = make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["age", "height"]))
    voting = VotingClassifier([("one", make_pipeline(encoded, LogisticRegression())), ("two", make_pipeline(encoded, DecisionTreeClassifier()))])
    check(load_model(voting.fit(table, table["member"])), run_graph)
    stacked = StackingClassifier([("one", make_pipeline(encoded, LogisticRegression()))], final_estimator=LogisticRegression(), cv=2)
    check(load_model(stacked.fit(table, np.where(table["member"], "in", "out"))), run_graph)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_of_members_that_saw_some_of_the_classes(method: str, load_model: Load, run_graph: Run) -> None:
    folds = [(np.nonzero(WINE[1] != 2)[0], np.arange(178)), (np.arange(178), np.arange(178))]
    check(load_model(CalibratedClassifierCV(LogisticRegression(), method=method, cv=folds).fit(*WINE)), run_graph)


@pytest.mark.parametrize(
    "target", [DIABETES[1], DIABETES[1].reshape(-1, 1), np.stack([DIABETES[1], -DIABETES[1]], axis=1)], ids=["flat", "column", "two"]
)
def test_a_transformed_target_keeps_its_shape(target: np.ndarray, load_model: Load, run_graph: Run) -> None:
    model = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()).fit(DIABETES[0], target)
    assert check(load_model(model), run_graph)["prediction"].shape == (300, *target.shape[1:])


def test_an_estimator_inside_that_nothing_writes_is_named(tmp_path: Any) -> None:
    class Strange(LogisticRegression):
        def predict_proba(self, X: Any) -> Any:  # noqa: N803 - as scikit-learn calls them
            return super().predict_proba(X) ** 2

    estimator = BaggingClassifier(Strange(), n_estimators=2, random_state=0).fit(*WINE)
    with pytest.raises(converter.ConverterError, match="Strange cannot be written: it answers predict_proba otherwise than the LogisticRegression"):
        converter.convert(estimator, tmp_path / "model.onnx", exporter="direct")
