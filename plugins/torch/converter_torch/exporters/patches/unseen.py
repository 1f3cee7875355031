"""Attention rows that see nothing: torch gives zeros for them, a softmax of nothing but -inf gives NaN, and NaN spreads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def zeros_for_unseen(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Put zeros where a mask leaves a query no key."""
    own = functional.scaled_dot_product_attention

    def attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: Any = None, *settings: Any, **named: Any) -> torch.Tensor:
        answer: torch.Tensor = own(query, key, value, attn_mask, *settings, **named)
        if attn_mask is None:
            return answer
        notes.add("zeros for queries that see no key")
        sees = attn_mask if attn_mask.dtype == torch.bool else attn_mask > float("-inf")
        return torch.where(sees.any(-1, keepdim=True), answer, 0.0)

    with everywhere({own: attention}):
        yield module
