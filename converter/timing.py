"""How calls are timed: each by itself, one right after the other, the clock's own cost taken off; then the cores are left to others.

Percentiles of latency want single calls. Between two readings of the clock lie 40 ns even where nothing happens, 2 % of a call of 2 µs and the same for
every call; so that is measured and subtracted, rather than spread over many calls.

Threads of a pool look for further work for some 30 ms after a call, at full speed: ONNX Runtime's and OpenMP's alike. Whoever is timed meanwhile,
in this process or another, has a core less.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

Clock = Callable[[], int]
"""Gives nanoseconds."""

_READINGS = 1001
_TASKS = Path("/proc/self/task")
_LOOK_SECONDS, _MOST_LOOKS = 0.001, 200


def time_calls(call: Callable[[], Any], count: int, clock: Clock = time.perf_counter_ns) -> list[float]:
    """Return the seconds of each of `count` calls in a row, each with the release of its answer, once the process is at rest again."""
    cost = clock_cost(clock)
    seconds = []
    for _ in range(count):
        start = clock()
        call()
        seconds.append(max(0, clock() - start - cost) / 1e9)
    rest()
    return seconds


def clock_cost(clock: Clock = time.perf_counter_ns) -> int:
    """Return the nanoseconds between two readings with nothing between them, the median of many."""
    return int(median(-(clock() - clock()) for _ in range(_READINGS)))


def rest(is_busy: Callable[[], bool] | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until no other thread of this process runs any more, for a fifth of a second at most."""
    for _ in range(_MOST_LOOKS):
        if not (is_busy or others_run)():
            return
        sleep(_LOOK_SECONDS)


def others_run() -> bool:
    """Tell whether a thread of this process beside the calling one is running; False where the system does not tell."""
    own = str(threading.get_native_id())
    return any(task.name != own and _is_running(task / "stat") for task in _TASKS.iterdir()) if _TASKS.is_dir() else False


def _is_running(stat: Path) -> bool:
    """Source: proc(5): the state follows the name, which stands in parentheses."""
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "R"
    except OSError:  # it has ended
        return False
