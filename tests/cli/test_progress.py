"""The stages on the screen: live on a terminal, plain lines when piped."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCRIPT = str(Path(sys.executable).with_name("converter"))


def on_a_terminal(command: list[str]) -> str:
    """Return what a command prints on a terminal that is its stderr; its exit code is 0."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stderr=writer, stdout=subprocess.DEVNULL, env=environment) as process:
        os.close(writer)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a pseudo-terminal is an error on Linux
            while chunk := os.read(reader, 4096):
                shown += chunk
    os.close(reader)
    assert process.returncode == 0
    return shown.decode()


def test_a_measurement_says_what_is_measured_and_keeps_still(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    graph = tmp_path / "out.onnx"
    subprocess.run([SCRIPT, "convert", str(toy_file()), "-o", str(graph), "--quiet"], check=True)
    shown = on_a_terminal([SCRIPT, "bench", str(graph), "--sizes", "batch=2", "--seconds", "0.02", "--device", "cpu"])
    said, _, rest = shown.partition("\r\x1b[2K")
    assert said.split() == ["measure", "batch", "2,", "width", said.split()[-2], "…"]
    assert rest.split()[0] == "measure"
    assert "\x1b[?25l" not in shown  # no line is alive


def test_a_terminal_shows_live_lines_and_a_pipe_plain_ones(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    command = [SCRIPT, "convert", str(toy_file()), "-o", str(tmp_path / "out.onnx")]
    shown = on_a_terminal(command)
    assert "\x1b[?25l" in shown  # the cursor hides while a line is alive
    assert "cases agree" in shown
    piped = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in piped.stderr + piped.stdout
    assert [line.split()[0] for line in piped.stderr.splitlines()[1:]] == ["load", "record", "right", "validate", "publish"]


def test_quiet_prints_nothing_on_a_terminal(toy: Any, toy_file: Callable[..., Path], tmp_path: Path) -> None:
    del toy
    assert not on_a_terminal([SCRIPT, "convert", str(toy_file()), "-o", str(tmp_path / "out.onnx"), "--quiet"])
