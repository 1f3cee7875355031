"""A small process that outlives the host: when the host ends, however it ends, it kills what is left of the workers and removes temporary files.

It reads lines from a pipe; the end of the pipe is the end of the host. On an orderly way out nothing is left on its list.
Run as a script (`python -I -S janitor.py`) it imports the standard library only and is there within some 15 ms.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Self


class Janitor:
    """The host's end. Paths and process groups that are announced and not forgotten are cleaned away after the host."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, text=True)  # noqa: S603 - this very file

    def end_group(self, group: int) -> None:
        """Kill this process group after the host."""
        self._say("group", group)

    def forget_group(self, group: int) -> None:
        """The process group has ended."""
        self._say("forget_group", group)

    def remove(self, path: Path, *, while_there: Path | None = None) -> None:
        """Remove this file or folder after the host; with `while_there` only if that file is still in its place: its rename was the commit."""
        self._say("path", str(path.absolute()), str((while_there or path).absolute()))

    def forget(self, path: Path) -> None:
        """The file or folder stays, or is gone already."""
        self._say("forget_path", str(path.absolute()))

    def close(self) -> None:
        """Let it clean up what is left, and wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def _pipe(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _say(self, what: str, *values: int | str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed the janitor: the sweep of the next run does its work
            self._pipe.write(json.dumps([what, *values]) + "\n")
            self._pipe.flush()


def wait_and_clean(lines: IO[str]) -> None:
    """Read announcements to the end of the pipe, then clean up what was not forgotten."""
    groups: set[int] = set()
    paths: dict[str, str] = {}  # path → what must be there for it to be removed
    for line in lines:
        match json.loads(line):
            case ["group", group]:
                groups.add(group)
            case ["forget_group", group]:
                groups.discard(group)
            case ["path", path, condition]:
                paths[path] = condition
            case ["forget_path", path]:
                paths.pop(path, None)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for path in [path for path, condition in paths.items() if Path(condition).exists()]:  # judged before the first one goes
        shutil.rmtree(path, ignore_errors=True) if Path(path).is_dir() else Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wait_and_clean(sys.stdin)
