"""Conversions in processes of their own: an exporter may crash its process, hang, or leave its framework changed for the next.

The processes are forked, so what the first one has imported need not be imported again; it must not have run anything of a framework that starts threads.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Protocol, TypeVar

from measuring.kept import Kept
from measuring.verdict import OURS, Verdict, failed

PATIENCE = 5  # so many times the limit may pass on the clock


class Row(Protocol):
    """What every case has."""

    @property
    def row(self) -> str:
        """The row of the page."""

    @property
    def setting(self) -> str:
        """The setting in that row."""


CaseT = TypeVar("CaseT", bound=Row)


def measure(
    tasks: Sequence[tuple[CaseT, str]],
    judge: Callable[[CaseT, str], Verdict],
    kept: Kept,
    *,
    jobs: int,
    together: int,
    limit: float,
    deadline: float,
) -> None:
    """Judge each task, a case in a column, and keep its verdict; print those of ours that do not agree.

    So many `jobs` run at a time, each with so many tasks `together` in one process, one after the other; neighbours among the tasks stay neighbours.
    """
    share = -(-len(tasks) // jobs) if together > 1 else 1

    def in_turn(first: int) -> None:
        for verdict in judged_apart(tasks[first : first + share], judge, together=together, limit=limit, deadline=deadline):
            kept.put(verdict)
            if verdict.column == OURS and not verdict.agrees:
                print(f"{verdict.row}({verdict.setting}): {'refused by the proof: ' * verdict.refused}{verdict.reason}", flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(in_turn, range(0, len(tasks), share or 1)))


def judged_apart(
    tasks: Sequence[tuple[CaseT, str]], judge: Callable[[CaseT, str], Verdict], *, together: int, limit: float, deadline: float
) -> Iterator[Verdict]:
    """Yield what becomes of each task, in order; a crash, and more than `limit` seconds of the CPU, are verdicts of that one. None is begun after `deadline`."""
    rest = list(tasks)
    while rest and perf_counter() < deadline:
        chosen = rest[:together]
        process = _Process(chosen, judge, limit, deadline)
        done = 0
        for verdict in process.verdicts():
            if verdict is None:
                process.ended()
                return
            yield verdict
            done += 1
        code = process.ended()
        if done < len(chosen):
            case, column = chosen[done]
            yield failed(case.row, case.setting, column, _reason(code, limit))
            done += 1
        del rest[:done]


class _Process:
    """A process that judges tasks one after the other."""

    def __init__(self, tasks: Sequence[tuple[CaseT, str]], judge: Callable[[CaseT, str], Verdict], limit: float, deadline: float) -> None:
        self._limit, self._count = limit, len(tasks)
        self._receiving, sending = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("fork").Process(target=_judge, args=(tasks, judge, limit, deadline, sending), daemon=False)
        self._process.start()
        sending.close()

    def verdicts(self) -> Iterator[Verdict | None]:
        """Yield the verdicts as they come, until the process is done, has died, or says nothing for too long; None where it has reached the deadline."""
        for _ in range(self._count):
            if not self._receiving.poll(PATIENCE * self._limit):
                return
            try:
                yield self._receiving.recv()
            except EOFError:
                return

    def ended(self) -> int | None:
        """End the process and what it has started; return its exit code, None where it had to be ended."""
        self._process.join(1)
        code = self._process.exitcode
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        return code


def _reason(code: int | None, limit: float) -> str:
    if code is None or code == -signal.SIGXCPU:
        return f"not done after {limit:.0f} s"
    return f"the process died of {signal.Signals(-code).name}" if code < 0 else f"the process ended with {code}"


def _judge(tasks: Sequence[tuple[CaseT, str]], judge: Callable[[CaseT, str], Verdict], limit: float, deadline: float, sending: Connection) -> None:
    os.setsid()
    _silence()
    for case, column in tasks:
        if perf_counter() >= deadline:
            sending.send(None)
            break
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit + sum(os.times()[:2])), resource.RLIM_INFINITY))
        try:
            verdict = judge(case, column)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this case's verdict
            verdict = failed(case.row, case.setting, column, f"{type(error).__name__}: {error}")
        sending.send(verdict)
    sending.close()


def _silence() -> None:
    """Send what exporters and libraries print nowhere, their native code included."""
    warnings.simplefilter("ignore")
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    for number in (1, 2):
        os.dup2(nowhere.fileno(), number)
    sys.stdout = sys.stderr = nowhere
