"""How much memory a command and every process under it hold together, sampled: their proportional set sizes, from Linux's /proc."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.1  # seconds between samples


@dataclass(frozen=True)
class Sample:
    """The memory of a process tree at a time, in bytes and seconds since its start."""

    seconds: float
    memory: int


def sampled(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[list[Sample], str]:
    """Run a command in a folder; return the samples and what it wrote to its error stream. Ends the benchmark where the command fails."""
    started, samples = time.monotonic(), []
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL, stderr=log)
        while process.poll() is None:
            samples.append(Sample(time.monotonic() - started, sum(map(proportional, tree(process.pid)))))
            time.sleep(EVERY)
    told = (folder / "log").read_text()
    if process.returncode:
        sys.exit(told)
    return samples, told


def tree(root: int) -> list[int]:
    """Return a process and all under it; a worker is in a session of its own, but its parent is the command."""
    found = [root]
    for pid in found:
        try:
            tasks = list(Path(f"/proc/{pid}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def proportional(pid: int) -> int:
    """Return a process's proportional set size in bytes; 0 for one that is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)
