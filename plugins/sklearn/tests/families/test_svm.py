"""Support vector machines: kernels of one's own, tables of kernels, sparse fits, and no support vectors at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import svm
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel

from converter_sklearn.estimators import writer_of

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
TARGET = np.arange(120) % 4
ROWS = RNG.normal(size=(120, 5)) + TARGET[:, None]
METHODS = pytest.mark.parametrize("method", ["predict", "decision_function"])
MACHINES = {
    "classes": (svm.SVC, TARGET),
    "classes of two": (svm.NuSVC, TARGET > 1),
    "numbers": (svm.SVR, ROWS.sum(axis=1)),
    "outliers": (svm.OneClassSVM, None),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_table_of_kernels(name: str, agree: Agree) -> None:
    kind, target = MACHINES[name]
    table = rbf_kernel(ROWS)
    agree(kind(kernel="precomputed").fit(table, target), table)


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kernel", ["linear", "rbf", rbf_kernel], ids=["linear", "rbf", "function"])
def test_a_sparse_fit(name: str, kernel: Any, agree: Agree) -> None:
    kind, target = MACHINES[name]
    agree(kind(kernel=kernel).fit(sparse.csr_matrix(ROWS) if isinstance(kernel, str) else ROWS, target), ROWS)


@pytest.mark.parametrize("kind", [svm.SVR, svm.NuSVR])
def test_no_support_vectors(kind: Any, agree: Agree) -> None:
    estimator = kind().fit(ROWS, np.full(120, 2.5))
    assert not len(estimator.support_) or kind is svm.NuSVR
    agree(estimator, ROWS)


@METHODS
@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
def test_the_order_of_votes(classes: int, shape: str, method: str, agree: Agree) -> None:
    rows = RNG.normal(size=(3000, 5)) * 5
    agree(svm.SVC(decision_function_shape=shape).fit(ROWS, np.minimum(TARGET, classes - 1)), rows, method=method)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("classes", [2, 3, 12])
def test_probabilities_that_libsvm_finds_in_steps(classes: int, agree: Agree) -> None:
    target = np.arange(600) % classes
    rows = RNG.normal(size=(600, 5)) + (target[:, None] >> np.arange(5)) % 2
    estimator = svm.SVC(probability=True, random_state=0).fit(rows, target)
    agree(estimator, np.concatenate([rows, rows * 100, np.zeros((1, 5))]))
    agree(estimator, rows[:1])


def test_a_kernel_of_ones_own_is_refused() -> None:
    def half(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return first @ second.T / 2

    estimator = svm.SVC(kernel=half).fit(ROWS, TARGET)
    writer = writer_of(estimator)
    assert writer is not None
    assert "its kernel is <function" in writer.fault(estimator)


@pytest.mark.parametrize("kernel", ["rbf", laplacian_kernel], ids=["rbf", "function"])
def test_more_support_vectors_than_are_asked_at_once(kernel: Any, agree: Agree) -> None:
    rows = RNG.normal(size=(900, 3))
    estimator = svm.SVC(kernel=kernel).fit(rows, np.arange(900) % 3)
    assert len(estimator.support_) > 500
    agree(estimator, rows)
    agree(estimator, rows[:1])
