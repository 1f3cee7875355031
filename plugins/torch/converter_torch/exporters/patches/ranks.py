"""Attention of queries with two or three dims as that of four, the only one that torch.onnx translates."""

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

RANK = 4


@contextlib.contextmanager
def attention_of_four_dims(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Put dims of 1 before the others, and take them off the answer."""
    own = functional.scaled_dot_product_attention

    def attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: Any = None, *settings: Any, **named: Any) -> torch.Tensor:
        missing = RANK - query.ndim
        if missing <= 0:
            return own(query, key, value, attn_mask, *settings, **named)
        notes.add("attention of four dims")
        query, key, value = (tensor[(None,) * missing] for tensor in (query, key, value))
        mask = attn_mask[(None,) * missing] if attn_mask is not None and attn_mask.ndim > 2 else attn_mask
        answer: torch.Tensor = own(query, key, value, mask, *settings, **named)
        return answer.reshape(answer.shape[missing:])

    with everywhere({own: attention}):
        yield module
