"""Ask the source model for its answers, once; after this nothing sees the framework."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from converter.cases.case import Case
from converter.cases.plan import PlannedCase
from converter.errors import ConverterError, Unrepeatable
from converter.worker import arrays


class Recorder(Protocol):
    """A loaded model that writes its answer to a folder."""

    def record(self, folder: Path, seed: int, sizes: Mapping[str, int], feeds: Path | None = None, *, twice: bool = False) -> None:
        """See `converter.worker.service.Service.record`."""


def record(
    model: Recorder, planned: Sequence[PlannedCase], folder: Path, progress: Callable[[int, int], None], budget: float | None = None
) -> tuple[Case, ...]:
    """Record the planned cases in order; `progress` is told (done, all).

    The first one is asked twice. With a `budget` in seconds the rest is left out once it is spent, the first three cases excepted.
    Raises Unrepeatable where the two answers differ, and what the model raises.
    """
    started = time.monotonic()
    recorded: list[Case] = []
    for number, each in enumerate(planned):
        if budget is not None and number >= KEPT and time.monotonic() - started > budget:
            break
        recorded.append(_record_one(model, each, folder, number))
        progress(number + 1, len(planned))
    return tuple(recorded)


KEPT = 3  # cases that a budget never leaves out


def _record_one(model: Recorder, planned: PlannedCase, folder: Path, number: int) -> Case:
    place = folder / str(number)
    feeds = None
    if planned.feeds is not None:
        feeds = folder / f"given_{number}"
        arrays.write(planned.feeds, feeds)
    model.record(place, planned.seed, planned.sizes, feeds, twice=number == 0)
    case = Case(f"case {number}", planned.origin, planned.sizes, place)
    if number == 0:
        _check_repeatable(case)
    return case


def _check_repeatable(case: Case) -> None:
    first, second = case.answers, arrays.read(case.folder / "again")
    if not first:
        raise ConverterError("the model has no outputs", hint="the plugin must declare and give at least one")
    for name, answer in first.items():
        if not _same(answer, second[name]):
            hint = "dropout, sampling and kept states cannot be proven: put the model into inference mode, or fix its seed"
            raise Unrepeatable(f"the model is random or stateful: output '{name}' differs between two runs on the same input", hint=hint)


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    """Equal but for the noise of summation order."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.kind in "fcV":
        wide = np.complex128 if first.dtype.kind == "c" else np.float64
        return bool(np.allclose(first.astype(wide), second.astype(wide), rtol=1e-4, atol=1e-6, equal_nan=True))
    return bool(np.array_equal(first, second))
