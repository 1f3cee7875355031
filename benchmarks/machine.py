"""What figures of a GPU are worth nothing without: the date, the card, its driver, and the versions."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import onnxruntime

PACKAGES = ("onnx-converter", "torch", "numpy", "onnx")


def machine() -> dict[str, Any]:
    """The machine and its software; card and driver are empty where nvidia-smi tells nothing."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader", "--id=0"]
    try:
        card, driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip().split(", ")
    except (OSError, ValueError, subprocess.CalledProcessError):
        card, driver = "", ""
    versions = {name: found for name in PACKAGES if (found := _version(name))}
    versions |= {
        "onnxruntime": onnxruntime.__version__,
        "CUDA of onnxruntime": getattr(onnxruntime, "cuda_version", ""),
        "python": platform.python_version(),
    }
    return {"date": datetime.now(UTC).isoformat(timespec="seconds"), "card": card, "driver": driver, "versions": versions}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
