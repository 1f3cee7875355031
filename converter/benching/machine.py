"""What a benchmark ran on: processor, cores, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from converter.version import __version__

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """`cores` are those that this process may use; `packages` maps distributions to versions."""

    processor: str
    cores: int
    system: str
    python: str
    packages: Mapping[str, str]

    @staticmethod
    def here(packages: Iterable[str] = ()) -> Machine:
        """Return this machine, with the versions of these distributions beside those that always count."""
        versions = {"onnx-converter": __version__, "onnxruntime": onnxruntime.__version__}
        for name in ("numpy", *packages):
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return Machine(_processor(), _cores(), f"{platform.system()} {platform.machine()}", platform.python_version(), versions)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines() if _CPUINFO.is_file() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()
