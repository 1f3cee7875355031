"""Writing into a diagonal: torch decomposes it into a write into a view, which no graph has."""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import opset18

from converter_torch.exporters.translations import Table

op: Any = opset18


def translations() -> Table:
    """Return the translation of `torch.diagonal_scatter`, which `x.diagonal().fill_(…)` becomes."""
    return {torch.ops.aten.diagonal_scatter.default: _scattered}


def _scattered(self: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    rank = len(self.shape)
    planes = [dim1 % rank, dim2 % rank]
    order = [*(dim for dim in range(rank) if dim not in planes), *planes]
    plane = op.Transpose(self, perm=order)  # [..., rows, columns]
    rows, columns = _places(plane, rank - 2), _places(plane, rank - 1)
    is_on_it = op.Equal(op.Unsqueeze(columns, _ints(0)), op.Unsqueeze(op.Add(rows, op.Constant(value_int=offset)), _ints(1)))
    last = op.Squeeze(op.Sub(op.Shape(src, start=len(src.shape) - 1), _ints(1)))
    nearest = op.Min(rows if offset >= 0 else columns, last)
    spread = op.Unsqueeze(op.Gather(src, nearest, axis=-1), _ints(-1 if offset >= 0 else -2))
    return op.Transpose(op.Where(is_on_it, spread, plane), perm=[order.index(dim) for dim in range(rank)])


def _places(tensor: Any, dim: int) -> Any:
    """0, 1, … along a dim."""
    return op.Range(op.Constant(value_int=0), op.Squeeze(op.Shape(tensor, start=dim, end=dim + 1)), op.Constant(value_int=1))


def _ints(*values: int) -> Any:
    return op.Constant(value_ints=list(values))
