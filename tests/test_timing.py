"""Single calls on a clock that is moved by hand, and the rest after them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from itertools import chain, repeat

import pytest

from converter.timing import clock_cost, others_run, rest, time_calls


class Hands:
    """A clock each of whose readings takes 40 ns."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 40
        return self.now


def test_each_call_is_timed_without_the_clock() -> None:
    clock, steps = Hands(), iter([1000, 2000, 500_000_000])

    def call() -> None:
        clock.now += next(steps)

    assert time_calls(call, 3, clock) == [1e-6, 2e-6, 0.5]
    assert clock_cost(clock) == 40
    assert time_calls(lambda: None, 4, clock) == [0.0] * 4


def test_no_calls_take_no_time() -> None:
    assert time_calls(lambda: pytest.fail("was called"), 0, Hands()) == []


def test_rest_waits_for_others_and_not_for_ever() -> None:
    slept: list[float] = []
    looks = chain([True, True, True], repeat(False))
    rest(lambda: next(looks), slept.append)
    assert len(slept) == 3
    slept.clear()
    rest(lambda: True, slept.append)
    assert sum(slept) == pytest.approx(0.2)


def test_a_thread_that_computes_is_seen(until: Callable[..., None]) -> None:
    stop, data = threading.Event(), bytes(20_000_000)

    def compute() -> None:
        while not stop.is_set():
            hashlib.sha256(data)  # lets go of the interpreter

    thread = threading.Thread(target=compute)
    thread.start()
    until(others_run)
    stop.set()
    thread.join()
