"""Average pooling with a divisor of its own (`divisor_override`), which torch's translation leaves out: sums of windows, divided."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere, of_each

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def own_divisors(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Divide by the given divisor where there is one."""
    with everywhere({getattr(functional, f"avg_pool{dims}d"): _average_of(dims, notes) for dims in (2, 3)}):
        yield module


def _average_of(dims: int, notes: Notes) -> Callable[..., torch.Tensor]:
    own = getattr(functional, f"avg_pool{dims}d")

    def avg_pool(  # torch's signature
        input: torch.Tensor,  # noqa: A002
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,  # noqa: FBT001, FBT002
        count_include_pad: bool = True,  # noqa: FBT001, FBT002
        divisor_override: int | None = None,
    ) -> torch.Tensor:
        if divisor_override is None:
            pooled: torch.Tensor = own(input, kernel_size, stride, padding, ceil_mode, count_include_pad)
            return pooled
        notes.add("average pooling with its own divisor")
        kernel, pads = of_each(kernel_size, dims), of_each(padding, dims)
        steps = of_each(stride, dims) if stride is not None and stride != [] else kernel
        padded = functional.pad(input, _padding(input.shape[-dims:], kernel, steps, pads, ceil=ceil_mode))
        mean: torch.Tensor = own(padded, kernel, steps)
        scale: float = math.prod(kernel) / divisor_override
        return mean * scale

    return avg_pool


def _padding(lengths: Sequence[int], kernel: Sequence[int], steps: Sequence[int], pads: Sequence[int], *, ceil: bool) -> list[int]:
    """Return the zeros before and after each axis, the last axis first; in ceil mode as many more as the last window reaches over."""
    padding = []
    for length, size, step, pad in zip(reversed(lengths), reversed(kernel), reversed(steps), reversed(pads), strict=True):
        over = _over(length, size, step, pad) if ceil else 0
        padding += [pad, pad + over]
    return padding


def _over(length: int, size: int, step: int, pad: int) -> int:
    """Return how far the last window reaches over; a window that would begin after the input and its left padding is none."""
    windows = (length + 2 * pad - size + step - 1) // step + 1
    windows = torch.sym_min(windows, (length + pad - 1) // step + 1)  # type: ignore[no-untyped-call]
    over: int = torch.sym_max((windows - 1) * step + size - length - 2 * pad, 0)  # type: ignore[no-untyped-call]
    return over
