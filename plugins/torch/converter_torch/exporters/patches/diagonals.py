"""A matrix's diagonal filled: torch strides over the memory, which a graph has not; a view of the diagonal is the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from converter_torch.exporters.patches.replacing import attributes

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

_MATRIX = 2  # dims


@contextlib.contextmanager
def diagonals_as_views(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Fill the view of the diagonal; where a diagonal wraps around or has more dims, as torch does."""
    own = torch.Tensor.fill_diagonal_

    def fill_diagonal_(self: torch.Tensor, fill_value: float, wrap: bool = False) -> torch.Tensor:  # noqa: FBT001, FBT002 - torch's signature
        if wrap or self.ndim != _MATRIX:
            return own(self, fill_value, wrap)
        notes.add("the diagonal of a matrix")
        self.diagonal().fill_(fill_value)
        return self

    with attributes(torch.Tensor, {"fill_diagonal_": fill_diagonal_}):
        yield module
