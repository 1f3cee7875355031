"""Rows between two centres, clusters that are none, and pooled columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import cluster

from converter_sklearn.estimators import writer_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(size=(60, 4)) + 3 * place for place in range(3)])


def agree(estimator: Any, rows: np.ndarray, load_model: Load, run_graph: Run, **options: str) -> np.ndarray:
    """The graph answers what the model answers; returns that."""
    model = load_model(estimator, dtype="float64", **options)
    feeds = {model.inputs[0].name: rows}
    (want,) = model.run(feeds).values()
    (got,) = run_graph(model, feeds).values()
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)
    return want


@pytest.mark.parametrize("kind", [cluster.KMeans, cluster.BisectingKMeans])
def test_a_row_between_two_means_belongs_to_the_first(kind: Any, load_model: Load, run_graph: Run) -> None:
    estimator = kind(2, n_init=1, random_state=0).fit(np.array([[0.0, 0], [0, 2], [8, 0], [8, 2]]))
    agree(estimator, np.array([[4.0, 0], [4, 1], [4, 100], [3.999, 1], [4.001, 1]]), load_model, run_graph)


def test_one_cluster_that_was_never_halved(load_model: Load, run_graph: Run) -> None:
    assert agree(cluster.BisectingKMeans(1).fit(ROWS), ROWS, load_model, run_graph).tolist() == [0] * len(ROWS)


def test_distances_from_means_stay_exact_far_from_zero(load_model: Load, run_graph: Run) -> None:
    estimator = cluster.KMeans(3, n_init=1, random_state=0).fit(ROWS * 1e-3 + 1e4)
    rows = np.concatenate([estimator.cluster_centers_ + 1e-6, ROWS * 1e-3 + 1e4])
    model = load_model(estimator, dtype="float64", method="transform")
    (got,) = run_graph(model, {model.inputs[0].name: rows}).values()
    want = np.linalg.norm(rows[:, None] - estimator.cluster_centers_, axis=2)
    np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("pool", [np.mean, np.sum, np.max, np.min, np.median])
def test_columns_are_pooled_and_given_back(pool: Any, load_model: Load, run_graph: Run) -> None:
    rows = RNG.normal(size=(40, 9))
    estimator = cluster.FeatureAgglomeration(4, pooling_func=pool).fit(rows)
    agree(estimator, rows, load_model, run_graph)
    alone = cluster.FeatureAgglomeration(9, pooling_func=pool).fit(rows)
    agree(alone, rows, load_model, run_graph, method="inverse_transform")


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (cluster.AffinityPropagation(max_iter=1, random_state=0), "it found no centres"),
        (cluster.FeatureAgglomeration(pooling_func=np.ptp), "its pooling_func is ptp"),
    ],
    ids=["no centres", "a function of one's own"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_is_refused(estimator: Any, reason: str) -> None:
    fitted = estimator.fit(ROWS)
    kind = writer_of(fitted)
    assert kind is not None
    assert kind.fault(fitted) == reason
