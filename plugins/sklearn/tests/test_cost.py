"""When double precision costs much, the exporter says so and names the option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from converter.plugin import ExportRequest, LoadRequest, Source
from converter_sklearn.exporters import cost
from converter_sklearn.model import load


@pytest.fixture(scope="module")
def network() -> Any:
    return MLPClassifier((200,), max_iter=1).partial_fit(*load_digits(return_X_y=True), classes=np.arange(10))


def exported(estimator: Any, folder: Path, **options: str) -> str:
    note = load(LoadRequest(Source.of(estimator), options=options)).exporters[0].write(ExportRequest(folder / "graph.onnx"))
    assert [path.name for path in folder.iterdir()] == ["graph.onnx"]
    assert note is not None
    return note


@pytest.mark.parametrize(
    ("seconds", "note"), [([3.0, 1.2], "double precision takes 2.5 times as long as -O compute=float32"), ([1.4, 1.0], ""), ([1.0, 2.0], "")]
)
def test_much_is_told_and_little_is_not(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: list[float], note: str) -> None:
    monkeypatch.setattr(cost, "_seconds", lambda _paths, _feeds: seconds)
    assert exported(network, tmp_path) == note


def test_both_graphs_are_timed(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[float]] = []
    timed = cost._seconds
    monkeypatch.setattr(cost, "_seconds", lambda paths, feeds: told.append(timed(paths, feeds)) or told[-1])  # type: ignore[func-returns-value]
    exported(network, tmp_path)
    assert len(told[0]) == 2
    assert all(0 < each < 10 for each in told[0])


def test_float32_costs_no_more_than_itself(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_seconds", lambda _paths, _feeds: pytest.fail("timed for nothing"))
    assert not exported(network, tmp_path, compute="float32")
    assert not exported(network, tmp_path, dtype="float64")


def test_few_weights_are_not_worth_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_seconds", lambda _paths, _feeds: pytest.fail("timed for nothing"))
    rows, target = load_digits(return_X_y=True)
    assert not exported(LogisticRegression(max_iter=5).fit(rows, target > 4), tmp_path)


def test_a_graph_that_does_not_run_is_the_proofs_business(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_paths: Any, _feeds: Any) -> list[float]:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(cost, "_seconds", fail)
    assert not exported(network, tmp_path)
