"""Baselines of several outputs, of texts, and those that draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier, DummyRegressor

import converter

Agree = Callable[..., dict[str, np.ndarray]]
ROWS = np.zeros((5, 2))
TARGET = np.array([1, 1, 1, 0, 2])
WORDS = np.array([["a", "x"], ["b", "y"], ["b", "x"], ["c", "x"], ["b", "y"]])


@pytest.mark.parametrize("strategy", ["prior", "most_frequent"])
@pytest.mark.parametrize(
    "target", [TARGET, TARGET > 0, WORDS[:, 0], np.stack([TARGET, TARGET > 0], axis=1), WORDS], ids=["one", "bool", "text", "two", "two texts"]
)
def test_classes_of_every_kind(target: np.ndarray, strategy: str, agree: Agree) -> None:
    agree(DummyClassifier(strategy=strategy).fit(ROWS, target), np.ones((7, 2)))


@pytest.mark.parametrize(("target", "constant"), [(WORDS, ["c", "y"]), (WORDS[:, 0], "a"), (WORDS[:, 0], ["a"]), (TARGET, 2)], ids=str)
def test_a_constant(target: np.ndarray, constant: Any, agree: Agree) -> None:
    agree(DummyClassifier(strategy="constant", constant=constant).fit(ROWS, target), np.ones((7, 2)))


def test_a_constant_of_whole_numbers(agree: Agree) -> None:
    agree(DummyRegressor(strategy="constant", constant=3).fit(ROWS, TARGET), np.ones((7, 2)))


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_what_is_drawn_is_refused(strategy: str, tmp_path: Any) -> None:
    estimator = DummyClassifier(strategy=strategy, random_state=0).fit(ROWS, TARGET)
    with pytest.raises(converter.ConverterError, match=f"with the strategy '{strategy}' its answers are drawn at random"):
        converter.convert(estimator, tmp_path / "model.onnx", exporter="direct")


def test_a_sparse_answer_is_refused(tmp_path: Any) -> None:
    estimator = DummyClassifier(strategy="most_frequent").fit(ROWS, sparse.csr_matrix(np.eye(5, 2, dtype=int)))
    with pytest.raises(converter.ConverterError, match="its answers are a sparse matrix"):
        converter.convert(estimator, tmp_path / "model.onnx", exporter="direct")
