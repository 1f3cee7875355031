"""A module in another floating-point dtype (`-O dtype=float16`): a copy, and every weight is converted on its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn

from converter.plugin import UsageError

OPTION = "dtype"
CHOICES = ("float16", "bfloat16", "float32", "float64")


def converted(module: nn.Module, name: str) -> nn.Module:
    """Return a copy of the module whose floating-point weights and buffers have the dtype `name`; raises UsageError for complex ones."""
    dtype: torch.dtype = getattr(torch, name)
    if any(tensor.is_complex() for tensor in _tensors(module)):
        raise UsageError(
            f"{type(module).__name__} has complex weights, and -O dtype={name} would lose their imaginary part", hint="leave -O dtype out"
        )
    if isinstance(module, torch.jit.ScriptModule):
        return copy.deepcopy(module).to(dtype)
    taken = {id(tensor): _as(tensor, dtype) for tensor in _tensors(module)}  # what deepcopy takes for copies that exist already
    return copy.deepcopy(module, taken)


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    """Give parameters and buffers, and what hooks compute from them and keep as attributes (weight norm)."""
    yield from module.parameters()
    yield from module.buffers()
    for part in module.modules():
        yield from (value for value in vars(part).values() if isinstance(value, torch.Tensor) and value.requires_grad)


def _as(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    fresh = tensor.detach().to(dtype if tensor.is_floating_point() else tensor.dtype, copy=True)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(fresh, requires_grad=tensor.requires_grad)
    return fresh
