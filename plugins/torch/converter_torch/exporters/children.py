"""Processes of their own, for what can bring its process down."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.plugin import ExportError

JOB = "job.json"
ERROR = "error.txt"
_HINT = "--debug shows what it told"


def run_child(module: str, folder: Path, job: Mapping[str, Any], exporter: str) -> None:
    """Run a module of this package on a folder, with the job in it; raises ExportError where the process fails or dies."""
    (folder / JOB).write_text(json.dumps(job), "utf-8")
    log = folder / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-P", "-m", module, str(folder)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)  # noqa: S603 - our own module
    told = log.read_text("utf-8", "replace").strip()
    if done.returncode < 0:
        raise ExportError("torch", exporter, f"the exporting process died of {_signal_name(-done.returncode)}", hint=_HINT, details=told)
    if done.returncode:
        error = folder / ERROR
        message = error.read_text("utf-8") if error.exists() else f"the exporting process ended with code {done.returncode}"
        raise ExportError("torch", exporter, message, hint=_HINT, details=told)


def leave_error(folder: Path, error: Exception) -> None:
    """Leave in the folder, in one line, what was raised in the child."""
    (folder / ERROR).write_text(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}", "utf-8")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
