"""TensorFlow's "same" padding as transformers computes it, by branches on the size: by a remainder, for any size."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

_HOLDERS = ("transformers.models.mobilenet_v1.modeling_mobilenet_v1", "transformers.models.mobilenet_v2.modeling_mobilenet_v2")


@contextlib.contextmanager
def same_padding(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Pad without a branch where a size is free."""

    def apply_tf_padding(features: torch.Tensor, conv_layer: nn.Conv2d) -> torch.Tensor:
        notes.add("same padding of a free size")
        padding = []
        for length, kernel, stride, dilation in zip(
            reversed(features.shape[-2:]), reversed(conv_layer.kernel_size), reversed(conv_layer.stride), reversed(conv_layer.dilation), strict=True
        ):
            missing = _missing(length, kernel, stride)
            padding += [missing // 2 * dilation, (missing - missing // 2) * dilation]
        return functional.pad(features, padding)

    own = [vars(sys.modules[name])["apply_tf_padding"] for name in _HOLDERS if "apply_tf_padding" in vars(sys.modules.get(name, object))]
    with everywhere(dict.fromkeys(own, apply_tf_padding)):
        yield module


def _missing(length: int, kernel: int, stride: int) -> int:
    """Return how many places a window that begins at every `stride`th one reaches over."""
    if stride == 1:
        return kernel - 1
    over = kernel - 1 - (length - 1) % stride
    return over if kernel >= stride else torch.sym_max(over, 0)  # type: ignore[no-untyped-call]
