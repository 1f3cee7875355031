"""The inverse of a real Fourier transform as a two-sided one: ONNX Runtime plans the buffers of a one-sided inverse wrongly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def mirrored_inverse(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Mirror the one half that is given where a size is free."""
    own = torch.fft.irfft

    def irfft(input: torch.Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> torch.Tensor:  # noqa: A002 - torch's name
        if not isinstance(n, torch.SymInt) and not isinstance(input.shape[dim], torch.SymInt):
            return own(input, n, dim, norm)  # type: ignore[no-any-return]
        notes.add("irfft of a free size")
        half = input.movedim(dim, -1)
        length = 2 * (half.shape[-1] - 1) if n is None else n
        return torch.fft.ifft(_mirrored(half, length), dim=-1, norm=norm).real.movedim(-1, dim)  # type: ignore[no-any-return]

    with everywhere({own: irfft}):
        yield module


def _mirrored(half: torch.Tensor, length: int) -> torch.Tensor:
    """Return the whole spectrum of a real signal of this length from its first half."""
    kept = length // 2 + 1
    parts = torch.view_as_real(half)[..., :kept, :]
    conjugated = parts[..., 1 : length - kept + 1, :].flip(-2) * torch.tensor([1.0, -1.0], dtype=parts.dtype, device=parts.device)
    return torch.view_as_complex(torch.cat([parts, conjugated], -2).contiguous())
