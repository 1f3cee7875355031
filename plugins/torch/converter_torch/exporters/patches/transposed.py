"""Transposed convolutions to a free size: ONNX wants the padding of the output as a number, so all that may be is computed and what is too much cut off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere, of_each

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def free_transposed_convolutions(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Pad by the most that there may be, and cut, where the padding of the output is free."""
    with everywhere({getattr(functional, f"conv_transpose{dims}d"): _transposed(dims, notes) for dims in (1, 2, 3)}):
        yield module


def _transposed(dims: int, notes: Notes) -> Callable[..., torch.Tensor]:
    own = getattr(functional, f"conv_transpose{dims}d")

    def conv_transpose(  # torch's signature
        input: torch.Tensor,  # noqa: A002
        weight: torch.Tensor,
        bias: torch.Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> torch.Tensor:
        wanted = of_each(output_padding, dims)
        if not any(isinstance(each, torch.SymInt) for each in wanted):
            whole: torch.Tensor = own(input, weight, bias, stride, padding, output_padding, groups, dilation)
            return whole
        notes.add("transposed convolution to a free size")
        most = [step - 1 for step in of_each(stride, dims)]
        padded = own(input, weight, bias, stride, padding, most, groups, dilation)
        for place, (kept, given) in enumerate(zip(wanted, most, strict=True)):
            axis = padded.ndim - dims + place
            padded = padded.narrow(axis, 0, padded.shape[axis] - given + kept)
        return padded  # type: ignore[no-any-return]

    return conv_transpose
