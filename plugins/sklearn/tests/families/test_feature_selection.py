"""Columns that are selected keep their dtypes; RFE answers as its estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.feature_selection import RFE, SelectFromModel, SelectorMixin, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(90, 5))
TARGET = np.array(["a", "b", "c"])[np.digitize(ROWS[:, 1] + ROWS[:, 3], [-0.5, 0.5])]


class Last(SelectorMixin, BaseEstimator):
    """A selector of one's own: the last columns, whatever they hold."""

    def __init__(self, count: int = 2) -> None:
        self.count = count

    def fit(self, X: Any, y: Any = None) -> Last:  # noqa: ARG002, N803 - as scikit-learn calls them
        self.n_features_in_ = X.shape[1]
        return self

    def _get_support_mask(self) -> np.ndarray:
        return np.arange(self.n_features_in_) >= self.n_features_in_ - self.count


@pytest.mark.parametrize("method", ["predict", "raw", "transform"])
def test_rfe_answers_as_its_estimator(method: str, load_model: Load, run_graph: Run) -> None:
    estimator = RFE(make_pipeline(LogisticRegression()), n_features_to_select=2, importance_getter="named_steps.logisticregression.coef_")
    model = load_model(estimator.fit(ROWS, TARGET), method=method, dtype="float64")
    feeds = {"features": ROWS}
    got, want = run_graph(model, feeds), model.run(feeds)
    assert list(got) == list(want)
    for name, each in want.items():
        if each.dtype == object:
            assert got[name].tolist() == each.tolist()
        else:
            np.testing.assert_allclose(got[name], each, rtol=1e-13, atol=1e-13)


def test_texts_are_selected_as_texts(load_model: Load, run_graph: Run) -> None:
    texts = np.array([["a", "x", "1"], ["b", "y", "2"], ["b", "x", "3"]], object)
    model = load_model(make_pipeline(SimpleImputer(strategy="most_frequent"), Last(2)).fit(texts))
    assert run_graph(model, {"features": texts})["transformed"].tolist() == texts[:, 1:].tolist()


def test_no_column_is_lost_or_moved(load_model: Load, run_graph: Run) -> None:
    chained = make_pipeline(VarianceThreshold(), Last(4), SelectFromModel(LinearSVC(), max_features=2), Last(1)).fit(ROWS, TARGET)
    got = run_graph(load_model(chained, dtype="float64"), {"features": ROWS})
    np.testing.assert_array_equal(got["transformed"], chained.transform(ROWS))
