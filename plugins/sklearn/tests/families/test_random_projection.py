"""Random projections, back and forth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]


@pytest.mark.parametrize("kind", [GaussianRandomProjection, SparseRandomProjection])
def test_targets_are_projected_back(kind: Any, load_model: Load, run_graph: Run) -> None:
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(60, 3)), rng.normal(size=(60, 5))
    for known in (False, True):
        projection = kind(2, random_state=1, compute_inverse_components=known)
        estimator = TransformedTargetRegressor(LinearRegression(), transformer=projection, check_inverse=False).fit(rows, target)
        got = run_graph(load_model(estimator, dtype="float64"), {"features": rows})
        np.testing.assert_allclose(got["prediction"], estimator.predict(rows), rtol=1e-12, atol=1e-12)
