"""The dispatch caches of the recurrent operators, cleared: a leftover of one export decides what the next one sees.

A capture with free sizes writes the Python kernels of `aten.lstm.input` and its kin without clearing the operators' dispatch caches,
so that a later export in the process bakes in what the first one saw.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

_OPERATORS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
_OVERLOADS = ("input", "data")


@contextlib.contextmanager
def fresh_dispatch(module: nn.Module, _notes: Notes | None = None) -> Iterator[nn.Module]:
    """Clear the caches before and after."""
    _clear()
    try:
        yield module
    finally:
        _clear()


def _clear() -> None:
    for operator in _OPERATORS:
        for overload in _OVERLOADS:
            getattr(getattr(torch.ops.aten, operator), overload)._dispatch_cache.clear()
