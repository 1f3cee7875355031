"""Features whose products approximate a kernel: odd sizes, zeros, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.kernel_approximation import AdditiveChi2Sampler, Nystroem, PolynomialCountSketch

from converter_sklearn.estimators import writer_of

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
ROWS = np.random.default_rng(0).normal(size=(50, 3))


@pytest.mark.parametrize("components", [1, 2, 3, 10, 11])
@pytest.mark.parametrize("degree", [1, 2, 5])
def test_sketches_of_every_length(components: int, degree: int, load_model: Load, run_graph: Run) -> None:
    estimator = PolynomialCountSketch(n_components=components, degree=degree, coef0=0.5, random_state=0).fit(ROWS)
    got = run_graph(load_model(estimator, dtype="float64"), {"features": ROWS})["transformed"]
    np.testing.assert_allclose(got, estimator.transform(ROWS), rtol=1e-12, atol=1e-12)


def test_zeros_have_no_logarithm(load_model: Load, run_graph: Run) -> None:
    rows = np.array([[0.0, 1], [0, 0], [1e-300, 1e300]])
    estimator = AdditiveChi2Sampler(sample_steps=3).fit(rows)
    got = run_graph(load_model(estimator, dtype="float64"), {"features": rows})["transformed"]
    np.testing.assert_allclose(got, estimator.transform(rows), rtol=1e-12)
    assert (got[1] == 0).all()


def test_a_kernel_of_ones_own_is_refused() -> None:
    estimator = Nystroem(lambda one, other: one @ other, n_components=3).fit(ROWS)
    writer = writer_of(estimator)
    assert writer is not None
    assert writer.fault(estimator) == "its kernel is a Python function"
