"""How the benchmarks time: contenders in turns, round after round, so that what the machine does meanwhile hits them alike; medians and ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter_ns
from typing import Any

from converter.timing import time_calls

WARM_UP = 5  # rounds that do not count


def measure(calls: Mapping[str, Callable[[], Any]], rounds: int, repeat: int = 1) -> dict[str, float]:
    """Seconds for one call of each contender: the median of `rounds` interleaved rounds of `repeat` calls."""
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(min(WARM_UP, rounds) + rounds):
        for name, call in calls.items():
            start = perf_counter_ns()
            for _ in range(repeat):
                call()
            if turn >= min(WARM_UP, rounds):
                seen[name].append((perf_counter_ns() - start) / repeat / 1e9)
    return {name: median(values) for name, values in seen.items()}


def in_turns(calls: Mapping[str, Callable[[], Any]], count: int) -> dict[str, float]:
    """Seconds for one call of each contender, the median of some in a row, twice; each begins when the threads of the one before have come to rest."""
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(2):
        for name, call in calls.items():
            call()
            seen[name] += time_calls(call, count)
    return {name: median(seconds) for name, seconds in seen.items()}


def row(title: str, cells: list[str]) -> str:
    """One aligned line of a table."""
    return f"{title:<34}" + "".join(f"{cell:>16}" for cell in cells)
