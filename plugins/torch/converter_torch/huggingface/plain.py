"""Models that answer in one go: named tensors in, the outputs of transformers under their own names out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

_NOT_ANSWERS = ("loss", "cache", "past_key_values")


class Plain(nn.Module):
    """A model of transformers called by keyword, without a cache."""

    def __init__(self, module: nn.Module, names: Sequence[str], constants: Mapping[str, Any]) -> None:
        super().__init__()
        self.module = module
        self._names = tuple(names)
        self._constants = dict(constants)

    def forward(self, *tensors: torch.Tensor) -> dict[str, Any]:
        """Return the outputs by name."""
        found = self.module(**dict(zip(self._names, tensors, strict=True)), **self._constants)
        return {name: value for name, value in found.items() if name not in _NOT_ANSWERS}
