"""Discriminant analysis of one column, of an offset, and of classes without a prior."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

Agree = Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
TARGET = np.arange(90) % 3
ROWS = RNG.normal(size=(90, 4)) + TARGET[:, None]


@pytest.mark.parametrize("method", ["predict", "transform"])
def test_one_column(method: str, agree: Agree) -> None:
    agree(LinearDiscriminantAnalysis().fit(ROWS[:, :1], TARGET), ROWS[:, :1], method=method)
    agree(QuadraticDiscriminantAnalysis().fit(ROWS[:, :1], TARGET), ROWS[:, :1])


def test_a_column_that_hardly_changes_far_from_zero(agree: Agree) -> None:
    rows = ROWS * [1, 1e-4, 1, 1] + [0, 1e3, 1e5, 0]
    agree(QuadraticDiscriminantAnalysis(tol=1e-12).fit(rows, TARGET), rows, tolerance=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_a_class_without_a_prior_is_never_the_answer(agree: Agree) -> None:
    want = agree(QuadraticDiscriminantAnalysis(priors=[0, 0.5, 0.5]).fit(ROWS, TARGET), ROWS)
    assert set(want["label"]) == {1, 2}
    assert (want["probabilities"][:, 0] == 0).all()
