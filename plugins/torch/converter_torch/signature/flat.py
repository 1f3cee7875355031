"""A model as a function from tensors to tensors: what is run, traced and exported, whatever the model's own signature."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from converter_torch.signature.binding import Binding
from converter_torch.signature.outputs import flatten


class Flat(nn.Module):
    """A module with its inputs bound: takes a tensor for each input, returns the tensors of its outputs."""

    def __init__(self, module: nn.Module, binding: Binding) -> None:
        super().__init__()
        self.module = module
        self.binding = binding

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the output tensors, in order."""
        return tuple(tensor for _, tensor in self.named(*tensors))

    def named(self, *tensors: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
        """Return the output tensors with their names."""
        args, kwargs = self.binding.arguments(tensors)
        return flatten(self.module(*args, **kwargs))


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode, without gradients; on leaving, give every part the mode that it had.

    The flags are set one by one: a `train` or `eval` of the user's own may do more than that, and it could not be undone.
    """
    modes = [(each, each.training) for each in module.modules() if hasattr(each, "training")]  # a frozen script has no mode
    for each, _ in modes:
        each.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for each, mode in modes:
            each.training = mode


def device_of(module: nn.Module) -> torch.device:
    """Return where the module's weights are; the CPU if it has none."""
    tensors: Iterator[Any] = iter([*module.parameters(), *module.buffers()])
    first = next(tensors, None)
    return torch.device("cpu") if first is None else first.device


def size_in_bytes(module: nn.Module) -> int:
    """Return how many bytes the module's weights and buffers take, shared ones once."""
    return sum(tensor.nbytes for tensor in {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]}.values())
