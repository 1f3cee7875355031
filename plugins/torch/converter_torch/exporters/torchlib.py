"""torch's own table of translations, kept for the process: torch.onnx.export parses its five hundred functions anew each time, which takes a second."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

from torch.onnx._internal.exporter._registration import ONNXRegistry

from converter_torch.exporters.patches.replacing import attributes

_read = ONNXRegistry.from_torchlib


@contextlib.contextmanager
def kept_torchlib() -> Iterator[None]:
    """Let exports take the table that an earlier one read; each has a copy, for the translations that it adds."""
    with attributes(ONNXRegistry, {"from_torchlib": staticmethod(_copy)}):
        yield


def _copy(opset_version: int | None = None) -> ONNXRegistry:
    table, kept = ONNXRegistry(), read_torchlib(opset_version)
    table._opset_version = kept.opset_version
    table.functions = {target: list(found) for target, found in kept.functions.items()}
    return table


@functools.cache
def read_torchlib(opset: int | None) -> ONNXRegistry:
    """Return the table for an opset, which nobody may change."""
    return _read() if opset is None else _read(opset)
