"""Rows that no label reaches, and what is labelled by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from converter_sklearn.estimators import writer_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(size=(40, 3)) + 2 * place for place in range(3)])
LABELS = np.where(RNG.random(120) < 0.5, -1, np.repeat([0, 1, 2], 40))


def agree(estimator: Any, rows: np.ndarray, load_model: Load, run_graph: Run, **options: str) -> dict[str, np.ndarray]:
    """The graph answers what the model answers; returns that."""
    model = load_model(estimator, dtype="float64", **options)
    feeds = {model.inputs[0].name: rows}
    got, want = run_graph(model, feeds), model.run(feeds)
    assert list(got) == list(want)
    for name, answer in want.items():
        np.testing.assert_allclose(got[name], answer, rtol=1e-7, atol=1e-9)
    return want


@pytest.mark.parametrize("kind", [LabelPropagation, LabelSpreading])
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_far_from_all_rows_there_are_no_probabilities(kind: Any, load_model: Load, run_graph: Run) -> None:
    want = agree(kind(gamma=20).fit(ROWS, LABELS), np.concatenate([ROWS, ROWS * 9]), load_model, run_graph)
    assert np.isnan(want["probabilities"]).any()


@pytest.mark.parametrize("kind", [LabelPropagation, LabelSpreading])
def test_neighbours_at_one_distance(kind: Any, load_model: Load, run_graph: Run) -> None:
    agree(kind(kernel="knn", n_neighbors=4, max_iter=3000).fit(ROWS.round(), LABELS), (ROWS + 0.2).round(), load_model, run_graph)


@pytest.mark.parametrize("method", ["predict", "decision_function"])
def test_what_a_pipeline_labels_by_itself(method: str, load_model: Load, run_graph: Run) -> None:
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    agree(SelfTrainingClassifier(inner).fit(ROWS, LABELS), ROWS, load_model, run_graph, method=method)


def _own(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.exp(-np.abs(first[:, None] - second[None]).sum(axis=2))


def test_a_kernel_of_its_own_is_refused() -> None:
    fitted = LabelPropagation(kernel=_own).fit(ROWS, LABELS)
    kind = writer_of(fitted)
    assert kind is not None
    assert kind.fault(fitted) == "its kernel is a function of its own"
