"""Missing values: markers, columns without values, rows without values, and what no graph can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer importable
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from converter.plugin import ExportError, LoadRequest, Source
from converter.writing import Document
from converter_sklearn.estimators import Block, writer_of
from converter_sklearn.model import load
from converter_sklearn.parts import part

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(120, 4)) * [1, 100, 1e-3, 1] + [0, 1e3, 0, 0]
HOLES = np.where(RNG.random(ROWS.shape) < 0.2, np.nan, ROWS)


def check(model: Any, run_graph: Run, table: np.ndarray | pd.DataFrame, tolerance: float = 1e-12) -> dict[str, np.ndarray]:
    """The graph's answer to rows is the model's; returns it."""
    feeds = {name: table[[name]].to_numpy() for name in table} if isinstance(table, pd.DataFrame) else {model.inputs[0].name: table}
    got, want = run_graph(model, feeds), model.run(feeds)
    for name, each in want.items():
        assert got[name].shape == each.shape
        if each.dtype.kind == "f":
            np.testing.assert_allclose(got[name], each, rtol=tolerance, atol=tolerance)
        else:
            np.testing.assert_array_equal(got[name], each)
    return got


@pytest.mark.parametrize("imputer", [SimpleImputer(strategy="median"), KNNImputer(n_neighbors=3), IterativeImputer(max_iter=2)], ids=str)
@pytest.mark.parametrize("marker", [np.nan, -999.0, 0.1])
def test_what_marks_a_missing_value(imputer: Any, marker: float, load_model: Load, run_graph: Run) -> None:
    table = np.where(np.isnan(HOLES), marker, HOLES)
    imputer.set_params(missing_values=marker, add_indicator=True)
    model = load_model(imputer.fit(table), dtype="float64")
    check(model, run_graph, table)
    check(model, run_graph, table[:1])
    check(model, run_graph, ROWS)
    if marker == 0.1:  # which is no float32
        check(load_model(imputer, dtype="float32"), run_graph, table.astype(np.float32), 1e-6)


@pytest.mark.parametrize("kept", [0, 1])
def test_nothing_known_of_a_column_or_a_row(kept: int, load_model: Load, run_graph: Run) -> None:
    table = HOLES.copy()
    table[:, 2] = np.nan
    rows = np.vstack([np.full((1, 4), np.nan), [[np.nan, np.nan, 1, np.nan]], ROWS[:2]])
    for imputer in (SimpleImputer(), KNNImputer(weights="distance"), IterativeImputer(max_iter=3)):
        model = load_model(imputer.set_params(keep_empty_features=bool(kept)).fit(table), dtype="float64")
        for some in (rows, rows[:1], rows[:2], rows[2:], table):
            assert check(model, run_graph, some, 1e-5)["transformed"].shape[1] == 3 + kept  # scikit-learn's distances are not exact


def test_neighbours_at_no_distance(load_model: Load, run_graph: Run) -> None:
    table = np.array([[1.0, 2, 5], [1, 2, 7], [4, 4, 4], [9, 9, np.nan]])
    rows = np.array([[1, 2, np.nan], [1, np.nan, np.nan], [np.nan, np.nan, 4], [8, np.nan, np.nan]])
    got = check(load_model(KNNImputer(weights="distance", n_neighbors=3).fit(table), dtype="float64"), run_graph, rows)
    assert got["transformed"][0, 2] == 6


@pytest.mark.parametrize("marker", [np.nan, None, "?", ""])
def test_texts(marker: Any, load_model: Load, run_graph: Run) -> None:
    table = np.array([["a", "x"], [marker, "y"], ["a", marker], ["b", "y"]], object)
    for strategy in ("most_frequent", "constant"):
        check(load_model(SimpleImputer(missing_values=marker, strategy=strategy).fit(table)), run_graph, table)


def test_columns_of_several_dtypes(run_graph: Run) -> None:
    frame = pd.DataFrame({"port": ["Brest", None, "Calais", "Brest"] * 6, "rooms": [1, 2, 2, 3] * 6, "age": [np.nan, 1.5, 2.5, 2.5] * 6})
    imputer, encoder = SimpleImputer(strategy="most_frequent", add_indicator=True), OneHotEncoder(handle_unknown="ignore")
    steps = make_pipeline(imputer, encoder, LogisticRegression()).fit(frame, [0, 1] * 12)
    columns = {str(name): column.to_numpy() for name, column in frame.items()}
    model = load(LoadRequest(Source.of(steps), options={"method": "predict", "dtype": "float64"}, columns=columns))
    assert [each.dtype for each in model.inputs] == ["string", "int64", "float64"]
    check(model, run_graph, frame)


def test_texts_filled_with_a_number_are_refused() -> None:
    imputer = SimpleImputer(strategy="most_frequent", keep_empty_features=True).fit(np.array([["a", np.nan], ["b", np.nan]], object))
    document = Document(21)
    writer = part(document, imputer, [Block(document.input("x", "string", ["batch", 2]), "string", 2)], "float64", "float64")
    with pytest.raises(ExportError, match="a SimpleImputer fills texts with numbers") as caught:
        writer.write("transform")
    assert caught.value.hint == "set its fill_value to a text"


def test_what_is_refused() -> None:
    def fault(estimator: Any) -> str:
        writer = writer_of(estimator)
        assert writer is not None
        return writer.fault(estimator)

    assert fault(KNNImputer(weights=lambda distances: 1 / distances)) == "its weights are a Python function"
    assert fault(KNNImputer(metric=lambda *_, **__: 0)) == "its metric is a Python function"
    assert fault(IterativeImputer(sample_posterior=True)) == "what it fills in is drawn at random"


def test_many_training_rows_at_a_time(load_model: Load, run_graph: Run) -> None:
    table = RNG.normal(size=(5000, 3))
    table[RNG.random(table.shape) < 0.3] = np.nan
    check(load_model(KNNImputer(n_neighbors=2).fit(table), dtype="float64"), run_graph, table[:700])
