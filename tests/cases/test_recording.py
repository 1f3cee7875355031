"""Answers are recorded once, the first one twice; a budget leaves out the less telling cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from converter.cases import PlannedCase, record
from converter.errors import ConverterError, Unrepeatable
from converter.worker import arrays

Answers = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


class Recorded:
    """A recorder in this process."""

    def __init__(self, run: Answers) -> None:
        self.run = run
        self.asked: list[tuple[int, bool]] = []

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        self.asked.append((seed, twice))
        given = arrays.read(feeds) if feeds is not None else {"x": np.full(sizes["n"], seed, np.float32)}
        arrays.write(given, folder / "inputs")
        arrays.write(self.run(given), folder / "outputs")
        if twice:
            arrays.write(self.run(given), folder / "again")


PLANNED = [PlannedCase("mine.npz", 0, {"n": 2}, {"x": np.array([7, 8], np.float32)})] + [PlannedCase(f"seed {n}", n, {"n": n}) for n in range(1, 6)]


def heard() -> tuple[list[tuple[int, int]], Callable[[int, int], None]]:
    told: list[tuple[int, int]] = []
    return told, lambda done, total: told.append((done, total))


def test_cases_are_recorded_in_order(tmp_path: Path) -> None:
    recorder = Recorded(lambda feeds: {"y": -feeds["x"]})
    told, listen = heard()
    cases = record(recorder, PLANNED, tmp_path, listen)
    assert recorder.asked == [(0, True), (1, False), (2, False), (3, False), (4, False), (5, False)]
    assert told == [(number, 6) for number in range(1, 7)]
    assert cases[0].feeds["x"].tolist() == [7, 8]
    assert [case.answers["y"].tolist() for case in cases[1:3]] == [[-1], [-2, -2]]
    assert [case.title for case in cases[:2]] == ["case 0 (n 2)", "case 1 (n 1)"]
    assert [case.origin for case in cases[:2]] == ["mine.npz", "seed 1"]


def test_a_spent_budget_keeps_the_first_three_cases(tmp_path: Path) -> None:
    def slow(feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        time.sleep(0.01)
        return {"y": feeds["x"]}

    assert len(record(Recorded(slow), PLANNED, tmp_path / "1", lambda *_: None, budget=0.001)) == 3
    assert len(record(Recorded(slow), PLANNED, tmp_path / "2", lambda *_: None, budget=60)) == 6


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "object", "complex64", "bfloat16"])
def test_a_model_that_answers_otherwise_the_second_time_is_refused(tmp_path: Path, dtype: str) -> None:
    from converter import dtypes

    kind = dtypes.numpy_dtype("string" if dtype == "object" else dtype)
    answers = iter([np.array(["a", "b"], object), np.array(["a", "c"], object)] if dtype == "object" else [np.array([1, 0]), np.array([1, 1])])
    with pytest.raises(Unrepeatable) as caught:
        record(Recorded(lambda _: {"y": next(answers).astype(kind)}), PLANNED, tmp_path, lambda *_: None)
    assert caught.value.message == "the model is random or stateful: output 'y' differs between two runs on the same input"
    assert caught.value.hint == "dropout, sampling and kept states cannot be proven: put the model into inference mode, or fix its seed"


def test_a_shape_that_changes_is_random_too(tmp_path: Path) -> None:
    answers = iter([np.zeros(2), np.zeros(3)])
    with pytest.raises(Unrepeatable, match="random or stateful"):
        record(Recorded(lambda _: {"y": next(answers)}), PLANNED, tmp_path, lambda *_: None)


def test_the_noise_of_summation_order_and_nan_are_not_random(tmp_path: Path) -> None:
    answers = iter([np.array([1, np.nan, 1e-9]), np.array([1 + 1e-6, np.nan, 2e-9])])
    assert len(record(Recorded(lambda _: {"y": next(answers)}), PLANNED[:1], tmp_path, lambda *_: None)) == 1


def test_a_model_without_outputs(tmp_path: Path) -> None:
    with pytest.raises(ConverterError) as caught:
        record(Recorded(lambda _: {}), PLANNED, tmp_path, lambda *_: None)
    assert (caught.value.message, caught.value.hint) == ("the model has no outputs", "the plugin must declare and give at least one")
