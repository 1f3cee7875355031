"""Kernel ridge regression: tables of kernels, several outputs, and kernels of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel

from converter_sklearn.estimators import writer_of

Agree = Callable[..., dict[str, np.ndarray]]
ROWS = np.random.default_rng(0).normal(size=(60, 4))
NUMBERS = np.stack([ROWS.sum(axis=1), ROWS[:, 0] ** 2], axis=1)


@pytest.mark.parametrize("kernel", ["linear", "rbf", "precomputed"])
@pytest.mark.parametrize("target", [NUMBERS[:, 0], NUMBERS[:, :1], NUMBERS], ids=["one", "one column", "two"])
def test_outputs(kernel: str, target: np.ndarray, agree: Agree) -> None:
    rows = rbf_kernel(ROWS) if kernel == "precomputed" else ROWS
    agree(KernelRidge(kernel=kernel).fit(rows, target), rows)


@pytest.mark.parametrize("kernel", [lambda first, second: first @ second, "chebyshev"])
def test_a_kernel_that_is_not_known_is_refused(kernel: Any) -> None:
    writer = writer_of(KernelRidge())
    assert writer is not None
    assert writer.fault(KernelRidge(kernel=kernel)).startswith("its kernel is ")
