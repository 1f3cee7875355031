"""Attention masks that are not looked at: whether one is causal is a hint, and reading it would be a branch on values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch.nn.modules import transformer

from converter_torch.exporters.patches.replacing import attributes

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def unread_masks(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Take a mask for causal only where the caller says so."""

    def _detect_is_causal_mask(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:  # noqa: ARG001, FBT001 - torch's signature
        if mask is not None:
            notes.add("attention masks not looked at")
        return bool(is_causal)

    with attributes(transformer, {"_detect_is_causal_mask": _detect_is_causal_mask}):
        yield module
