"""What each loss function gives: the label, probabilities and predictions of CatBoost's own wrappers."""

from __future__ import annotations

import pytest

from converter_catboost.losses import Link, Loss, Task, loss_of


@pytest.mark.parametrize("name", ["RMSE", "Quantile", "YetiRank", "Cox", "PythonUserDefinedPerObject", ""])
def test_most_give_the_raw_answer(name: str) -> None:
    assert loss_of(name) == Loss(Link.IDENTITY, Task.PREDICTION)


def test_several_labels_are_sigmoids_and_not_a_softmax() -> None:
    assert loss_of("MultiLogloss") == loss_of("MultiCrossEntropy") == Loss(Link.SIGMOID, Task.LABELS)
    assert loss_of("MultiClassOneVsAll") == Loss(Link.SIGMOID, Task.CLASSES)
    assert loss_of("MultiClass") == Loss(Link.SOFTMAX, Task.CLASSES)
