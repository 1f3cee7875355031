"""Shared projections of one target, and of a column that never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(40, 4)) * [1, 1e3, 1, 1e-3] + [0, 1e5, 0, 0]
TARGETS = ROWS[:, :2] @ [[1.0, 2], [0.001, 1]] + RNG.normal(size=(40, 2))


@pytest.mark.parametrize("target", [TARGETS[:, 0], TARGETS[:, :1]], ids=["one", "one column"])
def test_one_target(target: np.ndarray, agree: Agree) -> None:
    agree(PLSRegression(1).fit(ROWS, target), ROWS)


@pytest.mark.parametrize("kind", [CCA, PLSCanonical, PLSRegression])
@pytest.mark.parametrize("method", ["predict", "transform"])
def test_a_column_that_never_changes(kind: Any, method: str, agree: Agree) -> None:
    rows = np.insert(ROWS, 1, 7.0, axis=1)
    agree(kind(1).fit(rows, TARGETS), rows * 2, tolerance=1e-8, method=method)
