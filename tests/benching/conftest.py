"""Contenders on a clock that only they move: every timing is synthetic, seeded, and costs no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest


class Bench:
    """A clock, and contenders whose calls take what they are told to take."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[tuple[str, int]] = []

    def clock(self) -> float:
        return self.now

    def contender(self, name: str, seconds: Callable[[int], float]) -> Callable[[int], Sequence[float]]:
        """A contender whose call number n, from 0, takes seconds(n)."""
        made = 0

        def turn(calls: int) -> list[float]:
            nonlocal made
            self.order.append((name, calls))
            taken = [seconds(made + number) for number in range(calls)]
            made += calls
            self.now += sum(taken)
            return taken

        return turn


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def noisy() -> Callable[..., Callable[[int], float]]:
    """Seconds around a median, log-normal with this spread, from a seed."""

    def make(middle: float, spread: float, seed: int = 0) -> Callable[[int], float]:
        rng: Any = np.random.default_rng(seed)
        return lambda _number: float(middle * np.exp(spread * rng.standard_normal()))

    return make
