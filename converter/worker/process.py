"""The host's end of the border: starts the worker, asks, and turns its death into an error."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, Self

from converter.errors import ConverterError, WorkerDied, WorkerTimeout
from converter.worker import messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from converter.worker.janitor import Janitor

LOG_BYTES = 20_000  # of what a dead worker printed last
_NOISE = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1"}


class WorkerProcess:
    """One worker in a session of its own, ended as a group.

    `timeout` is in seconds and bounds each request; `memory_limit` is in bytes. None: no bound. `environment` is added to the host's.
    """

    def __init__(
        self,
        janitor: Janitor,
        *,
        timeout: float | None = None,
        memory_limit: int | None = None,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._timeout = timeout
        self._memory_limit = memory_limit
        self._janitor = janitor
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker; a pipe could fill and hang
        command = [python, "-P", "-m", "converter.worker.child", *([str(memory_limit)] if memory_limit else [])]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            env={**_NOISE, **os.environ, **(environment or {})},
        )
        janitor.end_group(self._process.pid)
        self._unread = b""

    def ask(self, verb: str, **request: Any) -> Any:
        """Send one request and return its answer.

        Raises what the verb raised, WorkerDied where the process ended instead, and WorkerTimeout after `timeout` seconds.
        """
        line = json.dumps({"verb": verb, **request}).encode() + b"\n"
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except BrokenPipeError:
            raise self._died(verb) from None
        reply = json.loads(self._reply(verb))
        if "error" not in reply:
            return reply["ok"]
        error = messages.error_from_json(reply["error"])
        if reply["error"]["state"].get("out_of_memory"):
            raise WorkerDied(f"{verb}: the worker ran out of memory{self._limit()}", hint=_MEMORY_HINT, log=self.log())
        raise self._with_memory_hint(error)

    def close(self) -> None:
        """End the worker and everything that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself
        self._process.wait()
        self._janitor.forget_group(self._process.pid)
        with contextlib.suppress(BrokenPipeError):  # a request that nobody is left to read
            self._stdin.close()
        self._stdout.close()
        self._log.close()

    def log(self) -> str:
        """Return the end of what the worker printed."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - LOG_BYTES))
        return self._log.read().decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    @property
    def _stdout(self) -> Any:
        return self._process.stdout

    def _reply(self, verb: str) -> bytes:
        end = None if self._timeout is None else time.monotonic() + self._timeout
        while b"\n" not in self._unread:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._stdout], [], [], left)[0]:
                raise WorkerTimeout(f"{verb}: no answer after {self._timeout:g} seconds", hint="--timeout SECONDS gives it more time", log=self.log())
            chunk = os.read(self._stdout.fileno(), 1 << 16)
            if not chunk:
                raise self._died(verb)
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _died(self, verb: str) -> WorkerDied:
        code = self._process.wait()
        why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        log = self.log()
        starved = self._memory_limit is not None and ("bad_alloc" in log or "MemoryError" in log or code == -signal.SIGKILL)
        hint = _MEMORY_HINT if starved else "--debug shows what it printed last"
        return WorkerDied(f"{verb}: the worker process ended with {why}{self._limit() if starved else ''}", hint=hint, log=log)

    def _limit(self) -> str:
        return f" under its limit of {self._memory_limit / 1e9:g} GB" if self._memory_limit else ""

    def _with_memory_hint(self, error: ConverterError) -> ConverterError:
        text = error.message.lower()
        if self._memory_limit and ("memory" in text or "alloc" in text):
            return WorkerDied(f"{error.message}{self._limit()}", hint=_MEMORY_HINT, log=self.log())
        return error


_MEMORY_HINT = "--memory SIZE gives it more: --memory 8GB"
