"""Mixtures of one component, of one column, and far from zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(90, 3)) + 3 * (np.arange(90) % 2)[:, None]
SHAPES = pytest.mark.parametrize("shape", ["full", "tied", "diag", "spherical"])
KINDS = pytest.mark.parametrize("kind", [GaussianMixture, BayesianGaussianMixture])


@SHAPES
@KINDS
@pytest.mark.parametrize(("components", "columns"), [(1, 3), (2, 1), (5, 3)])
def test_sizes(kind: Any, shape: str, components: int, columns: int, agree: Agree) -> None:
    estimator = kind(n_components=components, covariance_type=shape, random_state=0, max_iter=500).fit(ROWS[:, :columns])
    for method in ("predict", "score_samples"):
        agree(estimator, ROWS[:, :columns], method=method)


@SHAPES
@KINDS
def test_rows_far_from_zero_lose_no_more_than_in_scikit_learn(kind: Any, shape: str, agree: Agree) -> None:
    estimator = kind(n_components=2, covariance_type=shape, random_state=0).fit(ROWS + 1e3)
    agree(estimator, ROWS + 1e3, tolerance=1e-7, method="score_samples")
