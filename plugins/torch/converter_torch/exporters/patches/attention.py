"""Attention without torch's fast path, whose fused operator no exporter can translate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def plain_attention(module: nn.Module, _notes: Notes | None = None) -> Iterator[nn.Module]:
    """Turn the fast path off."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield module
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)
