"""Threads of a worker: told by its environment, and seen in the libraries that it has loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from converter.worker.process import WorkerProcess
from converter.worker.threads import VARIABLES, environment, thread_pools


def test_the_variables_bound_a_worker(worker: Callable[..., WorkerProcess]) -> None:
    process = worker(environment=environment(3))
    process.ask("thread_pools")  # once it answers it is what it shall become
    told: dict[str, str] = psutil.Process(process._process.pid).environ()
    assert {name: told.get(name) for name in VARIABLES} == dict.fromkeys(VARIABLES, "3")


def test_without_a_number_nothing_is_told() -> None:
    assert environment(None) == {}


def test_the_pools_of_a_worker_are_as_large_as_it_was_told(worker: Callable[..., WorkerProcess]) -> None:
    pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    pools: Any = worker(environment=environment(1)).ask("thread_pools")
    assert set(pools.values()) <= {1}
    assert all(count >= 1 for count in thread_pools().values())


def test_without_threadpoolctl_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "threadpoolctl", None)
    assert thread_pools() == {}
