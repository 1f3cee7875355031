"""Affine grids of a free size, as arithmetic on ranges."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def free_grids(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Compute the grid where one of its sizes is free."""
    own = functional.affine_grid

    def affine_grid(theta: torch.Tensor, size: Sequence[int], align_corners: bool | None = None) -> torch.Tensor:  # noqa: FBT001 - torch's signature
        if not any(isinstance(each, torch.SymInt) for each in size):
            return own(theta, size, align_corners)  # type: ignore[arg-type]
        notes.add("affine_grid of a free size")
        return _grid(theta, size[2:], align_corners=bool(align_corners))

    with everywhere({own: affine_grid}):
        yield module


def _grid(theta: torch.Tensor, lengths: Sequence[int], *, align_corners: bool) -> torch.Tensor:
    """Return the points of a regular grid [batch, *lengths, dims], moved by the matrices `theta` [batch, dims, dims + 1]."""
    dims = len(lengths)
    lines = [_line(length, theta, align_corners=align_corners) for length in lengths]
    spread = [line.reshape([-1 if place == dim else 1 for dim in range(dims)]).expand(*lengths) for place, line in enumerate(lines)]
    points = torch.stack([*reversed(spread), torch.ones_like(spread[0])], -1)  # x comes first, and a one for the translation last
    moved = points.reshape(1, -1, dims + 1) @ theta.transpose(1, 2)
    return moved.reshape(theta.shape[0], *lengths, dims)


def _line(length: int, like: torch.Tensor, *, align_corners: bool) -> torch.Tensor:
    places = torch.arange(length, dtype=like.dtype, device=like.device)
    return places * 2 / (length - 1) - 1 if align_corners else (places * 2 + 1) / length - 1
