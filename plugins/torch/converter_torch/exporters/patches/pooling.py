"""Adaptive pooling of a free size, which ONNX lacks, as masks over the axis."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

Pool = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@contextlib.contextmanager
def free_pooling(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Pool along masks where an axis is free."""
    averages = {getattr(functional, f"adaptive_avg_pool{dims}d"): _average_of(dims, notes) for dims in (1, 2, 3)}
    maxima = {getattr(functional, f"adaptive_max_pool{dims}d"): _maximum_of(dims, notes) for dims in (1, 2, 3)}
    with everywhere({**averages, **maxima}):
        yield module


def _average_of(dims: int, notes: Notes) -> Callable[..., torch.Tensor]:
    own = getattr(functional, f"adaptive_avg_pool{dims}d")

    def adaptive_avg_pool(input: torch.Tensor, output_size: Any) -> torch.Tensor:  # noqa: A002 - torch's name
        sizes = _sizes(output_size, dims)
        if not _is_free(input, sizes, dims):
            pooled: torch.Tensor = own(input, output_size)
            return pooled
        notes.add("adaptive pooling of a free size")
        if all(size == 1 for size in sizes):
            return input.mean(tuple(range(-dims, 0)), keepdim=True)
        return _pooled(input, sizes, _average)

    return adaptive_avg_pool


def _maximum_of(dims: int, notes: Notes) -> Callable[..., Any]:
    own = getattr(functional, f"adaptive_max_pool{dims}d")

    def adaptive_max_pool(input: torch.Tensor, output_size: Any, return_indices: bool = False) -> Any:  # noqa: A002, FBT001, FBT002 - torch's signature
        sizes = _sizes(output_size, dims)
        if return_indices or not _is_free(input, sizes, dims):
            return own(input, output_size, return_indices)
        notes.add("adaptive pooling of a free size")
        return _pooled(input, sizes, _maximum)

    return adaptive_max_pool


def _sizes(output_size: Any, dims: int) -> list[Any]:
    return list(output_size) if isinstance(output_size, tuple | list) else [output_size] * dims


def _is_free(tensor: torch.Tensor, sizes: Sequence[Any], dims: int) -> bool:
    pooled = [length for length, size in zip(tensor.shape[-dims:], sizes, strict=True) if size is not None]
    return any(isinstance(each, torch.SymInt) for each in (*pooled, *sizes))


def _pooled(tensor: torch.Tensor, sizes: Sequence[Any], pool: Pool) -> torch.Tensor:
    """Pool one axis after the other, each to its size; None leaves one as it is."""
    for place, size in enumerate(sizes):
        if size is not None:
            axis = tensor.ndim - len(sizes) + place
            tensor = pool(tensor.movedim(axis, -1), _windows(tensor.shape[axis], size, tensor.device)).movedim(-1, axis)
    return tensor


def _windows(length: int, size: int, device: torch.device) -> torch.Tensor:
    """Return which places each window covers: bool [size, length]."""
    windows, places = torch.arange(size, device=device)[:, None], torch.arange(length, device=device)[None, :]
    return (places >= windows * length // size) & (places < ((windows + 1) * length + size - 1) // size)


def _average(tensor: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    weights = windows.to(tensor.dtype)
    return tensor @ (weights / weights.sum(1, keepdim=True)).t()


def _maximum(tensor: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    least = torch.full((), float("-inf"), dtype=tensor.dtype, device=tensor.device)
    return torch.where(windows, tensor.unsqueeze(-2), least).amax(-1)
