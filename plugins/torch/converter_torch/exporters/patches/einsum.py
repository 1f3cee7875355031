"""Products of several tensors without opt_einsum: its search for the best order asks for sizes as numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def plain_einsum(module: nn.Module, _notes: Notes) -> Iterator[nn.Module]:
    """Turn the search off."""
    enabled = torch.backends.opt_einsum.enabled
    torch.backends.opt_einsum.enabled = False
    try:
        yield module
    finally:
        torch.backends.opt_einsum.enabled = enabled
