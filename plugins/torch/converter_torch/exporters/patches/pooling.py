"""Adaptive pooling, which ONNX lacks: ordinary pooling where the windows are equal, else masks over the axis, of a free size too."""

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
    """Pool in equal windows or along masks, except where the whole axes are one window."""
    averages = {getattr(functional, f"adaptive_avg_pool{dims}d"): _average_of(dims, notes) for dims in (1, 2, 3)}
    maxima = {getattr(functional, f"adaptive_max_pool{dims}d"): _maximum_of(dims, notes) for dims in (1, 2, 3)}
    with everywhere({**averages, **maxima}):
        yield module


def _average_of(dims: int, notes: Notes) -> Callable[..., torch.Tensor]:
    equal = getattr(functional, f"avg_pool{dims}d")

    def adaptive_avg_pool(input: torch.Tensor, output_size: Any) -> torch.Tensor:  # noqa: A002 - torch's name
        sizes = _sizes(output_size, input, dims)
        if _are_whole(sizes):
            return input.mean(tuple(range(-dims, 0)), keepdim=True)
        if steps := _steps(input, sizes):
            pooled: torch.Tensor = equal(input, steps)
            return pooled
        notes.add(_note(input, sizes))
        return _pooled(input, sizes, _average)

    return adaptive_avg_pool


def _maximum_of(dims: int, notes: Notes) -> Callable[..., Any]:
    equal = getattr(functional, f"max_pool{dims}d")

    def adaptive_max_pool(input: torch.Tensor, output_size: Any, return_indices: bool = False) -> Any:  # noqa: A002, FBT001, FBT002 - torch's signature
        sizes = _sizes(output_size, input, dims)
        if not return_indices and _are_whole(sizes):
            return input.amax(tuple(range(-dims, 0)), keepdim=True)
        if steps := _steps(input, sizes):
            return equal(input, steps, return_indices=return_indices)
        notes.add(_note(input, sizes))
        return _pooled_with_places(input, sizes) if return_indices else _pooled(input, sizes, _maximum)

    return adaptive_max_pool


def _sizes(output_size: Any, tensor: torch.Tensor, dims: int) -> list[Any]:
    """Return the length of each axis of the result; None leaves an axis as long as it is."""
    given = output_size if isinstance(output_size, tuple | list) else [output_size] * dims
    return [length if size is None else size for length, size in zip(tensor.shape[-dims:], given, strict=True)]


def _are_whole(sizes: Sequence[Any]) -> bool:
    return all(isinstance(size, int) and size == 1 for size in sizes)


def _steps(tensor: torch.Tensor, sizes: Sequence[Any]) -> list[int]:
    """Return the length of the windows of each axis where they are equal and known, else nothing."""
    pairs = list(zip(tensor.shape[-len(sizes) :], sizes, strict=True))
    if any(isinstance(each, torch.SymInt) for pair in pairs for each in pair) or any(not size or length % size for length, size in pairs):
        return []
    return [length // size for length, size in pairs]


def _note(tensor: torch.Tensor, sizes: Sequence[Any]) -> str:
    is_free = any(isinstance(each, torch.SymInt) for each in (*tensor.shape[-len(sizes) :], *sizes))
    return "adaptive pooling of a free size" if is_free else "adaptive pooling in unequal windows"


def _pooled(tensor: torch.Tensor, sizes: Sequence[Any], pool: Pool) -> torch.Tensor:
    """Pool one axis after the other, each to its size."""
    for place, size in enumerate(sizes):
        axis = tensor.ndim - len(sizes) + place
        if size is not tensor.shape[axis]:
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
    return _masked(tensor, windows).amax(-1)


def _pooled_with_places(tensor: torch.Tensor, sizes: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the maxima and their places in the flattened axes, as torch counts them: every window is looked at as a whole."""
    lengths = tensor.shape[-len(sizes) :]
    windows = torch.ones(1, 1, dtype=torch.bool, device=tensor.device)
    for length, size in zip(lengths, sizes, strict=True):
        axis = _windows(length, size, tensor.device)
        windows = (windows[:, None, :, None] & axis[None, :, None, :]).reshape(windows.shape[0] * size, windows.shape[1] * length)
    maxima, places = _masked(tensor.flatten(-len(sizes)), windows).max(-1)
    shape = (*tensor.shape[: -len(sizes)], *sizes)
    return maxima.reshape(shape), places.reshape(shape)


def _masked(tensor: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    """Return each row once per window, with what is outside it as small as can be: [..., size, length]."""
    least = torch.full((), float("-inf"), dtype=tensor.dtype, device=tensor.device)
    return torch.where(windows, tensor.unsqueeze(-2), least)
