"""Rows far outside of the envelope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope

Load, Run = Callable[..., Any], Callable[..., dict[str, np.ndarray]]


def test_rows_far_outside_of_the_envelope(load_model: Load, run_graph: Run) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) + 1e3
    model = load_model(EllipticEnvelope(random_state=0).fit(rows), dtype="float64")
    feeds = {model.inputs[0].name: np.concatenate([rows, rows * 1e6, -rows])}
    got, want = run_graph(model, feeds), model.run(feeds)
    np.testing.assert_array_equal(got["label"], want["label"])
    np.testing.assert_allclose(got["scores"], want["scores"], rtol=1e-9, atol=1e-9)
    assert {-1, 1} == set(want["label"])
