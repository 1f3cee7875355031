"""The process that TensorFlow's interpreters live in: started when it is needed, kept running, and started again where it has ended."""

from __future__ import annotations

import atexit
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from converter_tensorflow.tflite.messages import receive, send

_NOISE = ("INFO:", "WARNING:", "W0000", "I0000", "  warnings.warn")


class Ended(Exception):
    """The process is gone; the message says how, and what it printed last."""


class Process:
    """One `serving` at a time. `generation` counts those that were started: what an earlier one was told is forgotten."""

    def __init__(self) -> None:
        self.generation = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def started(self) -> int:
        """Start the process where there is none; return its generation."""
        if self._running is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `stop`, with the process that writes it
            command = [sys.executable, "-m", "converter_tensorflow.tflite.serving"]
            self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)  # noqa: S603
            self.generation += 1
            atexit.register(self.stop)
        return self.generation

    def ask(self, request: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the process's answer; raises Ended where it has none, after which the next question goes to another process."""
        self.started()
        running = self._running
        assert running is not None
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            send(running.stdin, request, arrays)
            return receive(running.stdout)
        except (EOFError, BrokenPipeError):
            running.wait()
            said = self._last_line()
            self.stop()
            raise Ended(f"({_cause(running.returncode)}){said}") from None

    def stop(self) -> None:
        """End the process, which has nothing to save."""
        running, self._running = self._running, None
        if running is None:
            return
        atexit.unregister(self.stop)
        running.kill()
        running.wait()
        for stream in (running.stdin, running.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _last_line(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip() and not line.startswith(_NOISE)]
        return f": {lines[-1]}" if lines else ""


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
