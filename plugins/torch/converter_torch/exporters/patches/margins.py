"""The multi-label margin loss of one sample: a scalar, which torch's decomposition gives a dimension."""

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
def margins_of_one(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Take the dimension off again."""
    own = functional.multilabel_margin_loss

    def multilabel_margin_loss(input: torch.Tensor, target: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:  # noqa: A002 - torch's name
        loss = own(input, target, *args, **kwargs)
        if input.dim() > 1:
            return loss
        notes.add("margin loss of one sample")
        return loss.reshape(())

    with everywhere({own: multilabel_margin_loss}):
        yield module
