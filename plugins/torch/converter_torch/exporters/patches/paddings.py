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
            missing = torch.sym_max(kernel - ((length - 1) % stride + 1), 0)  # type: ignore[no-untyped-call]
            padding += [missing // 2 * dilation, (missing - missing // 2) * dilation]
        return functional.pad(features, padding)

    own = [vars(sys.modules[name])["apply_tf_padding"] for name in _HOLDERS if "apply_tf_padding" in vars(sys.modules.get(name, object))]
    with everywhere(dict.fromkeys(own, apply_tf_padding)):
        yield module
