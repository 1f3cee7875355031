"""Neighbours at one distance, all metrics, and rows without neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import neighbors
from sklearn.datasets import load_digits

from converter_sklearn.estimators import writer_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
PIXELS, DIGITS = load_digits(return_X_y=True)
POINTS, LABELS = PIXELS[:600:2, 18:24], DIGITS[:600:2]
ROWS = np.concatenate([PIXELS[1:900:2, 18:24], POINTS])


def asked(estimator: Any, rows: np.ndarray, load_model: Load, run_graph: Run, **options: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return what the graph and what the model answer to rows, in double precision."""
    model = load_model(estimator, dtype="float64", **options)
    feeds = {model.inputs[0].name: rows}
    return run_graph(model, feeds), model.run(feeds)


def agree(got: dict[str, np.ndarray], want: dict[str, np.ndarray]) -> None:
    for name, answer in want.items():
        if answer.dtype.kind == "f":
            np.testing.assert_allclose(got[name], answer, rtol=1e-9, atol=1e-12)
        else:
            np.testing.assert_array_equal(got[name], answer)


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithm": "kd_tree"},
        {"algorithm": "ball_tree"},
        {"algorithm": "brute"},
        {"algorithm": "kd_tree", "metric": "manhattan", "leaf_size": 4},
        {"algorithm": "kd_tree", "metric": "chebyshev"},
        {"algorithm": "ball_tree", "metric": "canberra", "leaf_size": 9},
        {"algorithm": "ball_tree", "metric": "hamming"},
        {"algorithm": "brute", "metric": "manhattan"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("count", [1, 4, 15])
def test_of_points_at_one_distance_those_of_scikit_learn_vote(settings: dict[str, Any], count: int, load_model: Load, run_graph: Run) -> None:
    """Whole numbers: a row in seven has two points as far as its last neighbour, and which one votes depends on the way through the tree."""
    estimator = neighbors.KNeighborsClassifier(count, **settings).fit(POINTS, LABELS)
    got, want = asked(estimator, ROWS, load_model, run_graph)
    agree(got, want)


_PLAIN = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "hamming", "canberra", "braycurtis", "cosine", "correlation", "nan_euclidean"]
_BOOLEAN = ["dice", "jaccard", "rogerstanimoto", "russellrao", "yule"]
_METRICS: dict[str, dict[str, Any]] = {
    **{name: {} for name in _PLAIN + _BOOLEAN},
    "minkowski": {"p": 1.5, "metric_params": {"w": np.array([1.0, 2.0, 0.5, 3.0])}},
    "seuclidean": {"metric_params": {"V": np.array([1.0, 2.0, 0.5, 3.0])}},
    "mahalanobis": {"metric_params": {"VI": np.eye(4) + 0.2}},
}


@pytest.mark.parametrize("metric", _METRICS)
def test_metrics(metric: str, load_model: Load, run_graph: Run) -> None:
    points = RNG.normal(size=(60, 4)) * RNG.integers(0, 2, (60, 4))
    points[:, 0] += 0.1
    estimator = neighbors.KNeighborsTransformer(n_neighbors=59, algorithm="brute", metric=metric, **_METRICS[metric]).fit(points)
    agree(*asked(estimator, RNG.normal(size=(40, 4)), load_model, run_graph))


def test_distances_on_a_sphere(load_model: Load, run_graph: Run) -> None:
    points = np.stack([RNG.uniform(-np.pi / 2, np.pi / 2, 50), RNG.uniform(-np.pi, np.pi, 50)], axis=1)
    opposite = np.stack([-points[:, 0], points[:, 1] - np.pi], axis=1)
    estimator = neighbors.KNeighborsTransformer(n_neighbors=49, metric="haversine").fit(points)
    got, want = asked(estimator, np.concatenate([points, opposite, points + 1e-9]), load_model, run_graph)
    np.testing.assert_allclose(got["transformed"], want["transformed"], rtol=1e-9, atol=1e-7)  # where the sine is flat


def test_a_matrix_of_distances(load_model: Load, run_graph: Run) -> None:
    apart = np.abs(RNG.normal(size=(30, 1)) - RNG.normal(size=30))
    estimator = neighbors.KNeighborsRegressor(4, metric="precomputed", weights="distance").fit(apart + apart.T, RNG.normal(size=30))
    agree(*asked(estimator, np.abs(RNG.normal(size=(20, 30))), load_model, run_graph))


def test_small_distances_far_from_zero_stay_exact(load_model: Load, run_graph: Run) -> None:
    points = 1e6 + RNG.integers(0, 1000, (400, 5)) / 1024
    rows = points[:50] + RNG.integers(-3, 4, (50, 5)) / 2**20
    estimator = neighbors.KNeighborsTransformer(n_neighbors=6, algorithm="kd_tree").fit(points)
    got, want = asked(estimator, rows, load_model, run_graph)
    np.testing.assert_allclose(got["transformed"], want["transformed"], rtol=1e-14)
    assert 0 < want["transformed"][want["transformed"] > 0].min() < 1e-5


@pytest.mark.parametrize("targets", [np.arange(20), np.arange(20) / 2, np.arange(40.0).reshape(20, 2)], ids=["int", "float", "two"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_rows_without_neighbours_have_no_mean(targets: np.ndarray, weights: str, load_model: Load, run_graph: Run) -> None:
    points = np.arange(20.0)[:, None]
    estimator = neighbors.RadiusNeighborsRegressor(1.0, weights=weights).fit(points, targets)
    agree(*asked(estimator, np.array([[3.0], [3.2], [50.0], [20.0]]), load_model, run_graph))


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("label", [0, 1, 7, "most_frequent"])
def test_outliers_have_the_label_that_was_given(label: Any, metric: str, algorithm: str, load_model: Load, run_graph: Run) -> None:
    """By brute force, scikit-learn takes a label for the place of a class in the probabilities, and for a label in predict."""
    points = np.arange(20.0)[:, None]
    estimator = neighbors.RadiusNeighborsClassifier(1.0, algorithm=algorithm, metric=metric, outlier_label=label).fit(points, np.arange(20) % 3 + 1)
    agree(*asked(estimator, np.array([[3.0], [3.2], [50.0], [20.0]]), load_model, run_graph))


@pytest.mark.parametrize("kernel", ["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"])
def test_densities_of_weighted_rows(kernel: str, load_model: Load, run_graph: Run) -> None:
    points = RNG.normal(size=(50, 2))
    estimator = neighbors.KernelDensity(bandwidth=0.7, kernel=kernel).fit(points, sample_weight=RNG.uniform(0.1, 2, 50))
    got, want = asked(estimator, np.concatenate([points, RNG.normal(size=(50, 2)), [[30.0, 0]]]), load_model, run_graph, method="score_samples")
    agree(got, want)
    assert np.isinf(want["scores"]).any() == (kernel not in {"gaussian", "exponential"})


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).sum())


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (neighbors.KNeighborsRegressor(weights=np.sqrt), "its weights are a function of its own"),
        (neighbors.KNeighborsRegressor(metric=_apart), "its metric is a function of its own"),
        (neighbors.KNeighborsRegressor(metric="precomputed"), "it reads a sparse graph, of which ONNX cannot tell the gaps from the zeros"),
        (neighbors.KernelDensity(rtol=0.1), "atol or rtol let scikit-learn stop its sums early, where its tree chooses"),
        (neighbors.LocalOutlierFactor(), "without novelty=True it labels the rows only that it was fitted on"),
    ],
)
def test_what_is_refused(estimator: Any, reason: str) -> None:
    points = RNG.normal(size=(30, 2))
    graph = neighbors.kneighbors_graph(points, 10, mode="distance") if getattr(estimator, "metric", "") == "precomputed" else points
    fitted = estimator.fit(graph, RNG.normal(size=30))
    kind = writer_of(fitted)
    assert kind is not None
    assert kind.fault(fitted) == reason
