"""Stable sorting: ONNX's TopK puts the lower index first among equals, so it is stable as it is."""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import opset18

from converter_torch.exporters.translations import Table

op: Any = opset18


def translations() -> Table:
    """Return the translation of `torch.sort(…, stable=True)`; torch.onnx has that of the other one."""
    return {torch.ops.aten.sort.stable: _sorted}


def _sorted(self: Any, stable: bool = True, dim: int = -1, descending: bool = False) -> Any:  # noqa: ARG001, FBT001, FBT002 - torch's signature
    if not len(self.shape):
        return op.Identity(self), op.Constant(value_int=0)
    place = dim % len(self.shape)
    size = op.Shape(self, start=place, end=place + 1)
    return op.TopK(self, size, axis=dim, largest=int(descending), sorted=1)
