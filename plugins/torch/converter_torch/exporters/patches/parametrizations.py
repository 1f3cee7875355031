"""Parametrised weights (`torch.nn.utils.parametrize`): in evaluation they follow from weights alone, so they are weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch.nn.utils import parametrize

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def computed_weights(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Compute each once, before the export, instead of in the graph: its norms and exponentials of matrices are not ONNX's."""
    found = [(each, name) for each in module.modules() for name in getattr(each, "parametrizations", ())]
    with parametrize.cached(), torch.no_grad():
        for each, name in found:
            getattr(each, name)  # which torch keeps as long as `cached` lasts
            notes.add("parametrised weights as constants")
        yield module
