"""Tensors made from free sizes, where torch's own takes a number and fixes it: linspace, full, tensor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def free_factories(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Write them as arithmetic on ranges and scalars where a number is free."""
    linspace, full, tensor, as_tensor = torch.linspace, torch.full, torch.tensor, torch.as_tensor

    def free_linspace(start: Any, end: Any, steps: Any, **options: Any) -> torch.Tensor:
        if not any(_is_free(each) for each in (start, end, steps)):
            return linspace(start, end, steps, **options)
        notes.add("linspace of a free size")
        return _linspace(start, end, steps, options)

    def free_full(size: Any, fill_value: Any, **options: Any) -> torch.Tensor:
        if not isinstance(fill_value, torch.SymFloat):
            return full(size, fill_value, **options)
        notes.add("full of a free value")
        return torch.ones(size, **options) * _scalar(fill_value, options)

    def free_tensor(data: Any, **options: Any) -> torch.Tensor:
        if not _holds_float(data):
            return tensor(data, **options)
        notes.add("tensor of a free value")
        return _tensor(data, options)

    def free_as_tensor(data: Any, **options: Any) -> torch.Tensor:
        return free_tensor(data, **options) if _holds_float(data) else as_tensor(data, **options)

    with everywhere({linspace: free_linspace, full: free_full, tensor: free_tensor, as_tensor: free_as_tensor}):
        yield module


def _is_free(value: Any) -> bool:
    return isinstance(value, (torch.SymInt, torch.SymFloat))


def _holds_float(data: Any) -> bool:
    return isinstance(data, torch.SymFloat) or (isinstance(data, list | tuple) and any(_holds_float(each) for each in data))


def _scalar(value: Any, options: dict[str, Any]) -> torch.Tensor:
    return torch.scalar_tensor(value, dtype=options.get("dtype") or torch.get_default_dtype(), device=options.get("device"))


def _tensor(data: Any, options: dict[str, Any]) -> torch.Tensor:
    return torch.stack([_tensor(each, options) for each in data]) if isinstance(data, list | tuple) else _scalar(data, options)


def _linspace(start: Any, end: Any, steps: Any, options: dict[str, Any]) -> torch.Tensor:
    """Return the points as torch computes them: the first half from the start, the second from the end."""
    dtype = options.get("dtype") or torch.get_default_dtype()
    places = torch.arange(steps, dtype=dtype, device=options.get("device"))
    start, end = (value if isinstance(value, torch.Tensor) else _scalar(value, options) for value in (start, end))
    step = (end - start) / torch.clamp(torch.scalar_tensor(steps - 1, dtype=dtype, device=options.get("device")), min=1)
    return torch.where(places < torch.sym_max(steps // 2, 1), start + step * places, end - step * (steps - 1 - places))  # type: ignore[no-untyped-call]
