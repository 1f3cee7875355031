"""Conversions in processes of their own: one after the other in each, until one of them crashes it or takes too long, which costs that one alone."""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

from keras_cases.case import Case
from keras_cases.judging import failed, judge
from measuring.verdict import Verdict

PATIENCE = 5  # so many times the limit may pass on the clock
TOGETHER = 40  # conversions that share a process
_PRELOADED = ("converter_tensorflow.loading", "converter_tensorflow.model", "onnxruntime", "tf2onnx")

Task = tuple[Case, str]
"""A case in a column."""


def preload() -> None:
    """Import what a conversion imports, so that the processes forked from this one have it; nothing of TensorFlow runs, which would not survive the fork."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is here by now need not be looked through in every process


def judged_apart(tasks: Sequence[Task], limit: float, deadline: float) -> Iterator[Verdict]:
    """Yield what becomes of each task, in order; a crash, and more than `limit` seconds of the CPU, are verdicts. None is begun after `deadline`."""
    rest = list(tasks)
    while rest and perf_counter() < deadline:
        together = rest[:TOGETHER]
        process = _Process(together, limit, deadline)
        done = 0
        for verdict in process.verdicts():
            if verdict is None:
                process.ended()
                return
            yield verdict
            done += 1
        code = process.ended()
        if done < len(together):
            yield failed(*together[done], _reason(code, limit))
            done += 1
        del rest[:done]


class _Process:
    """A process that judges tasks one after the other."""

    def __init__(self, tasks: Sequence[Task], limit: float, deadline: float) -> None:
        self._limit, self._count = limit, len(tasks)
        self._receiving, sending = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("fork").Process(target=_judge, args=(tasks, limit, deadline, sending), daemon=False)
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


def _judge(tasks: Sequence[Task], limit: float, deadline: float, sending: Connection) -> None:
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
            verdict = failed(case, column, f"{type(error).__name__}: {error}")
        sending.send(verdict)
    sending.close()


def _silence() -> None:
    """Send what exporters and libraries print nowhere, their native code included."""
    warnings.simplefilter("ignore")
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    for number in (1, 2):
        os.dup2(nowhere.fileno(), number)
    sys.stdout = sys.stderr = nowhere
