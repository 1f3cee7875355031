"""Gaussian processes with every kernel, of one class against each other, and kernels that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process import kernels as gaussian
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from converter_sklearn.estimators import writer_of
from converter_sklearn.formulas.covariances import fault_of

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.uniform(0.1, 1, size=(80, 3))
NUMBERS = np.sin(5 * ROWS).sum(axis=1)
TARGET = np.digitize(NUMBERS, np.quantile(NUMBERS, [0.33, 0.66]))
UNSEEN = np.concatenate([ROWS[:5], RNG.uniform(0, 2, size=(50, 3)), ROWS[:3] + 1e-12])
PAIRWISE = [gaussian.PairwiseKernel(gamma=0.7, metric=each) for each in ("linear", "chi2", "poly", "rbf", "laplacian", "sigmoid", "cosine")]
KERNELS = [
    gaussian.ConstantKernel(2.0) + gaussian.ConstantKernel(0.5) * gaussian.RBF() + gaussian.WhiteKernel(),
    gaussian.WhiteKernel() + 1.0 * gaussian.RBF([0.5, 1.0, 2.0]),
    *(gaussian.Matern(0.5, nu=nu) for nu in (0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.5, 7.0, np.inf)),
    gaussian.Matern([0.5, 1.0, 2.0], nu=0.5),
    gaussian.RationalQuadratic(0.5, 0.3),
    gaussian.ExpSineSquared(0.7, 1.3),
    gaussian.DotProduct(0.5) ** 3,
    gaussian.Exponentiation(gaussian.RBF(0.4) + gaussian.Matern(nu=1.5), 0.5),
    *PAIRWISE,
    gaussian.PairwiseKernel(metric="additive_chi2") + 9.0,
    gaussian.PairwiseKernel(gamma=0.7, metric="poly", pairwise_kernels_kwargs={"degree": 2, "coef0": 0.5}),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_kernels(kernel: Any, agree: Agree) -> None:
    noisy = kernel + gaussian.WhiteKernel(9.0)  # so that all are positive definite
    agree(GaussianProcessRegressor(noisy, optimizer=None).fit(ROWS, NUMBERS), UNSEEN, tolerance=1e-9)
    agree(GaussianProcessClassifier(noisy, optimizer=None).fit(ROWS, TARGET > 0), UNSEEN, tolerance=1e-9)


@pytest.mark.parametrize("target", [NUMBERS[:, None], np.stack([NUMBERS, NUMBERS**2], axis=1)], ids=["one column", "two"])
@pytest.mark.parametrize("normalize", [False, True])
def test_outputs(target: np.ndarray, *, normalize: bool, agree: Agree) -> None:
    agree(GaussianProcessRegressor(normalize_y=normalize, alpha=0.01, optimizer=None).fit(ROWS, target), UNSEEN, tolerance=1e-9)


def test_a_covariance_that_is_the_same_everywhere(agree: Agree) -> None:
    process = GaussianProcessRegressor(gaussian.ConstantKernel(2.0) + gaussian.WhiteKernel(), optimizer=None)
    agree(make_pipeline(StandardScaler(), process).fit(ROWS, NUMBERS), UNSEEN)


def test_a_process_without_noise_meets_its_training_rows(agree: Agree) -> None:
    for nu in (0.5, 1.5):
        want = agree(GaussianProcessRegressor(gaussian.Matern(nu=nu), optimizer=None).fit(ROWS, NUMBERS), ROWS, tolerance=1e-9)
        np.testing.assert_allclose(want["prediction"], NUMBERS, rtol=1e-6)


@pytest.mark.parametrize("pairs", ["one_vs_rest", "one_vs_one"])
@pytest.mark.parametrize("classes", [[True, False, False], [1, 5, 5], ["a", "b", "c"]], ids=["bool", "two", "three"])
def test_classes_each_against_each(pairs: str, classes: Any, agree: Agree) -> None:
    estimator = GaussianProcessClassifier(multi_class=pairs, optimizer=None).fit(ROWS, np.array(classes)[TARGET])
    want = agree(estimator, UNSEEN, tolerance=1e-9)
    assert ("probabilities" in want) == (pairs == "one_vs_rest" or len(set(classes)) == 2)


class Wider(gaussian.RBF):
    """An RBF that may compute something else."""


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (Wider() + gaussian.RBF(), "its kernel has a Wider"),
        (gaussian.RBF() * gaussian.CompoundKernel([gaussian.RBF()]), "its kernel has a CompoundKernel"),
        (gaussian.PairwiseKernel(metric="precomputed") ** 2, "its kernel has the metric 'precomputed'"),
        (gaussian.Matern(nu=200.0), "its kernel has the smoothness 200.0"),
    ],
    ids=str,
)
def test_what_is_refused(kernel: Any, reason: str) -> None:
    assert fault_of(kernel) == reason


def test_a_classifier_is_refused_for_any_of_its_kernels() -> None:
    estimator = GaussianProcessClassifier(Wider(), optimizer=None).fit(ROWS, TARGET)
    writer = writer_of(estimator)
    assert writer is not None
    assert writer.fault(estimator) == "its kernel has a Wider"


@pytest.mark.parametrize("kernel", [gaussian.RBF(), gaussian.Matern(nu=0.7), gaussian.ConstantKernel() * gaussian.RBF()], ids=str)
def test_more_training_rows_than_are_asked_at_once(kernel: Any, agree: Agree) -> None:
    rows = RNG.normal(size=(600, 3))
    noisy = kernel + gaussian.WhiteKernel()
    agree(GaussianProcessRegressor(noisy, optimizer=None).fit(rows, rows.sum(axis=1)), rows)
    agree(GaussianProcessClassifier(noisy, optimizer=None).fit(rows, rows.sum(axis=1) > 0), rows[:9], tolerance=1e-9)


def test_a_pipeline_that_ends_with_pairs_of_classes_has_no_probabilities(load_model: Callable[..., Any]) -> None:
    model = load_model(make_pipeline(StandardScaler(), GaussianProcessClassifier(multi_class="one_vs_one")).fit(ROWS, TARGET))
    assert [each.name for each in model.outputs] == ["label"]
