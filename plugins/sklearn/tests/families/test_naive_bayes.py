"""Naive Bayes at its edges: an only class, categories that are not known, numbers far from all means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

Agree = Callable[..., dict[str, np.ndarray]]
COUNTS = np.random.default_rng(0).integers(0, 4, (60, 3)).astype(float)
TARGET = np.arange(60) % 3


@pytest.mark.parametrize("kind", [GaussianNB, MultinomialNB, ComplementNB, BernoulliNB, CategoricalNB])
@pytest.mark.parametrize("target", [np.zeros(60), TARGET > 0, TARGET * 2.0, np.array(["a", "b", "c"])[TARGET]], ids=["one", "bool", "float", "text"])
def test_classes_of_every_kind(kind: Any, target: np.ndarray, agree: Agree) -> None:
    agree(kind().fit(COUNTS, target), COUNTS)


def test_a_gaussian_far_away_and_very_narrow(agree: Agree) -> None:
    rows = COUNTS * [1.0, 1e-6, 1e6] + [1e6, 0, -1e9]
    agree(GaussianNB().fit(rows, TARGET), np.concatenate([rows, rows * 1e3, -rows]), tolerance=1e-9)


def test_columns_that_are_not_binarised(agree: Agree) -> None:
    agree(BernoulliNB(binarize=None).fit(COUNTS > 1, TARGET), COUNTS / 3)


def test_categories_are_cut_to_whole_numbers(agree: Agree) -> None:
    agree(CategoricalNB().fit(COUNTS, TARGET), COUNTS + 0.9 * (COUNTS < 3))


@pytest.mark.parametrize("unknown", [4.0, 100.0, -1.0])
def test_a_category_that_no_row_had_is_an_error(unknown: float, load_model: Any, run_graph: Any) -> None:
    model = load_model(CategoricalNB().fit(COUNTS, TARGET), dtype="float64")
    rows = COUNTS[:3].copy()
    rows[1, 0] = unknown
    with pytest.raises(Exception, match="out of data bounds"):
        run_graph(model, {"features": rows})
