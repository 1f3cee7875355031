"""Searches that end early or never, kernels out of the common, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import decomposition

from converter_sklearn.estimators import writer_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(80, 6)) @ RNG.normal(size=(6, 6)) + 2
POSITIVE = np.abs(ROWS) * (RNG.random(ROWS.shape) < 0.8)


def agree(estimator: Any, rows: np.ndarray, load_model: Load, run_graph: Run, tolerance: float = 1e-9, **options: str) -> np.ndarray:
    """The graph answers what the model answers; returns that."""
    model = load_model(estimator, dtype="float64", **options)
    feeds = {model.inputs[0].name: rows}
    (want,) = model.run(feeds).values()
    (got,) = run_graph(model, feeds).values()
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    return want


@pytest.mark.parametrize(
    "estimator",
    [
        decomposition.PCA(),
        decomposition.PCA(whiten=True),
        decomposition.TruncatedSVD(6),
        decomposition.FastICA(random_state=0),
        decomposition.SparsePCA(random_state=0, max_iter=5),
        decomposition.NMF(6, max_iter=5),
        decomposition.DictionaryLearning(6, max_iter=5),
        decomposition.KernelPCA(6, kernel="rbf", fit_inverse_transform=True),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_way_back(estimator: Any, load_model: Load, run_graph: Run) -> None:
    agree(estimator.fit(np.abs(ROWS)), ROWS, load_model, run_graph, method="inverse_transform")


@pytest.mark.parametrize("estimator", [decomposition.PCA(2), decomposition.PCA(6), decomposition.FactorAnalysis(2)], ids=str)
def test_likelihoods_of_rows(estimator: Any, load_model: Load, run_graph: Run) -> None:
    agree(estimator.fit(ROWS), ROWS, load_model, run_graph, method="score_samples")


def test_whitening_where_nothing_varies(load_model: Load, run_graph: Run) -> None:
    rows = np.concatenate([ROWS, np.ones((len(ROWS), 1))], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        agree(decomposition.PCA(5, whiten=True).fit(rows), rows, load_model, run_graph)


@pytest.mark.parametrize("coefficients", [1, 3, 5])
def test_a_pursuit_ends_where_nothing_is_left(coefficients: int, load_model: Load, run_graph: Run) -> None:
    """A row of zeros, rows that few atoms make up, and an atom that is there twice."""
    atoms = RNG.normal(size=(5, 6))
    atoms = np.concatenate([atoms, atoms[:1]]) / np.linalg.norm(atoms[[0, 1, 2, 3, 4, 0]], axis=1, keepdims=True)
    rows = np.concatenate([np.zeros((1, 6)), atoms * 3, atoms[1:3] + atoms[2:4], ROWS])
    coder = decomposition.SparseCoder(atoms, transform_n_nonzero_coefs=coefficients).fit(ROWS)
    found = agree(coder, rows, load_model, run_graph)
    assert np.count_nonzero(found, axis=1).max() == coefficients


@pytest.mark.parametrize("algorithm", ["lasso_cd", "lasso_lars", "threshold"])
@pytest.mark.parametrize("alpha", [0.0, 0.2, 1e9])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lasso_codes(algorithm: str, alpha: float, load_model: Load, run_graph: Run) -> None:
    atoms = RNG.normal(size=(4, 6))
    coder = decomposition.SparseCoder(atoms, transform_algorithm=algorithm, transform_alpha=alpha, split_sign=True).fit(ROWS)
    agree(coder, np.concatenate([np.zeros((1, 6)), ROWS]), load_model, run_graph, 1e-6)


@pytest.mark.parametrize(
    "settings",
    [{}, {"solver": "mu"}, {"solver": "mu", "beta_loss": 1}, {"solver": "mu", "beta_loss": 0.5}, {"solver": "mu", "beta_loss": 2.5}],
    ids=str,
)
@pytest.mark.parametrize(
    "rows", [POSITIVE, POSITIVE[:1], np.concatenate([POSITIVE, np.zeros((3, 6))]), POSITIVE * 1e6], ids=["many", "one", "zeros", "large"]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_non_negative_factors(settings: dict[str, Any], rows: np.ndarray, load_model: Load, run_graph: Run) -> None:
    agree(decomposition.NMF(3, random_state=0, max_iter=200, **settings).fit(POSITIVE), rows, load_model, run_graph, 1e-8)


def test_a_component_of_zeros_gets_no_share(load_model: Load, run_graph: Run) -> None:
    estimator = decomposition.NMF(3, random_state=0, max_iter=50).fit(POSITIVE)
    estimator.components_[1] = 0
    assert (agree(estimator, POSITIVE, load_model, run_graph)[:, 1] == 0).all()


@pytest.mark.parametrize("prior", [1e-7, 0.1])
def test_topics_of_rows_without_words(prior: float, load_model: Load, run_graph: Run) -> None:
    counts = RNG.poisson(1.0, (60, 6)).astype(float)
    estimator = decomposition.LatentDirichletAllocation(3, random_state=0, doc_topic_prior=prior, max_iter=3).fit(counts)
    agree(estimator, np.concatenate([counts, np.zeros((2, 6)), np.eye(6)]), load_model, run_graph, 1e-7)


def _own(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second)


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (decomposition.KernelPCA(kernel=_own), "its kernel is a function of its own"),
        (decomposition.NMF(2, shuffle=True), "with shuffle=True it draws the order of its steps"),
        (decomposition.SparseCoder(np.eye(6), transform_algorithm="lars"), "transform_algorithm='lars' is not written"),
        (
            decomposition.SparseCoder(np.eye(6), transform_algorithm="lasso_lars", positive_code=True),
            "with positive_code LARS stops before it reaches the lasso's codes",
        ),
    ],
    ids=["kernel", "shuffle", "lars", "positive"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_is_refused(estimator: Any, reason: str) -> None:
    fitted = estimator.fit(np.abs(ROWS))
    kind = writer_of(fitted)
    assert kind is not None
    assert kind.fault(fitted) == reason


def test_an_only_row_keeps_its_axis(load_model: Load, run_graph: Run) -> None:
    """scikit-learn's SparsePCA answers [components] for one row."""
    assert agree(decomposition.SparsePCA(2, random_state=0, max_iter=5).fit(ROWS), ROWS[:1], load_model, run_graph).shape == (1, 2)
