"""One-hot vectors of a free number of classes: torch's own takes a number and would fix it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def one_hot_of_free_classes(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Compare with a range where the number of classes is free."""
    own = functional.one_hot

    def one_hot(tensor: torch.Tensor, num_classes: int | torch.SymInt = -1) -> torch.Tensor:
        if not isinstance(num_classes, torch.SymInt):
            return own(tensor, num_classes)
        notes.add("one_hot of free classes")
        return (tensor.unsqueeze(-1) == torch.arange(num_classes, device=tensor.device)).to(torch.int64)  # type: ignore[no-any-return, call-overload]

    with everywhere({own: one_hot}):
        yield module
