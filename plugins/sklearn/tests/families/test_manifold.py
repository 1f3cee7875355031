"""Rows that lie on training rows, and more neighbours than columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import manifold

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]
RNG = np.random.default_rng(0)
TURN = RNG.uniform(0, 3, 120)
POINTS = np.stack([TURN * np.cos(TURN), TURN * np.sin(TURN), RNG.normal(size=120)], axis=1)


@pytest.mark.parametrize(
    "estimator",
    [
        manifold.Isomap(n_neighbors=1, n_components=1),
        manifold.Isomap(n_neighbors=119),
        manifold.Isomap(n_neighbors=None, radius=2.0),
        manifold.LocallyLinearEmbedding(n_neighbors=2),
        manifold.LocallyLinearEmbedding(n_neighbors=30),
        manifold.LocallyLinearEmbedding(reg=10.0),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:The number of connected components:UserWarning")
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
def test_new_rows_and_training_rows_get_their_places(estimator: Any, load_model: Load, run_graph: Run) -> None:
    model = load_model(estimator.fit(POINTS), dtype="float64")
    feeds = {model.inputs[0].name: np.concatenate([POINTS, POINTS[:60] + RNG.normal(size=(60, 3)) / 10])}
    (want,) = model.run(feeds).values()
    (got,) = run_graph(model, feeds).values()
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9)
