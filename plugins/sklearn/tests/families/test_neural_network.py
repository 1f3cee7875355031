"""Perceptrons of classes of every kind, and numbers so large that a logistic function ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM, MLPClassifier

from converter.plugin import ExportError

Agree = Callable[..., dict[str, np.ndarray]]
ROWS = np.random.default_rng(0).normal(size=(60, 4))
TARGET = np.arange(60) % 3
KINDS = {
    "one": np.zeros(60),
    "bool": TARGET > 0,
    "float": TARGET * 2.0,
    "text": np.array(["a", "b", "c"])[TARGET],
    "labels": np.eye(3, dtype=int)[TARGET],
    "one label": (TARGET > 0)[:, None].astype(int),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_classes_of_every_kind(name: str, agree: Agree) -> None:
    agree(MLPClassifier((5,), max_iter=20, random_state=0).fit(ROWS, KINDS[name]), ROWS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_columns_far_outside_of_what_was_seen(scale: float, agree: Agree) -> None:
    agree(MLPClassifier((5,), "logistic", max_iter=20, random_state=0).fit(ROWS, TARGET > 0), ROWS * scale)
    agree(BernoulliRBM(3, n_iter=2, random_state=0).fit(ROWS > 0), ROWS * scale)


def test_what_a_boltzmann_machine_draws_is_refused(load_model: Any, run_graph: Any) -> None:
    model = load_model(BernoulliRBM(3, n_iter=2, random_state=0).fit(ROWS > 0), method="score_samples")
    with pytest.raises(ExportError, match="the score_samples of a BernoulliRBM is not written"):
        run_graph(model, model.sample(np.random.default_rng(0), {"batch": 3}))
