"""Packed sequences as plain tensor arithmetic on a grid [steps, batch], every size free.

A packed sequence holds the filled places of the grid, step by step; since the lengths descend, those of one step are its first ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Grid:
    """Where the rows of a packed sequence belong."""

    filled: torch.Tensor  # bool [steps, batch]
    lengths: torch.Tensor  # int64 [batch], descending

    def spread(self, rows: torch.Tensor) -> torch.Tensor:
        """Return packed rows [filled places, …] as [steps, batch, …]; places that are not filled hold any row."""
        steps, batch = self.filled.shape
        counts = self.filled.sum(1)
        places = (torch.cumsum(counts, 0) - counts)[:, None] + torch.arange(batch, device=counts.device)[None, :]
        chosen = torch.where(self.filled, places, torch.zeros_like(places))
        return rows.index_select(0, chosen.reshape(-1).to(rows.device)).reshape(steps, batch, *rows.shape[1:])

    def gather(self, sequence: torch.Tensor) -> torch.Tensor:
        """Return the filled places of a sequence [steps, batch, …], packed: [filled places, …]."""
        steps, batch = self.filled.shape
        places = torch.nonzero(self.filled.reshape(-1)).squeeze(1)
        _state(places.shape[0] >= 1)
        return sequence.reshape(steps * batch, *sequence.shape[2:]).index_select(0, places.to(sequence.device))


class Packings:
    """The packed sequences of one forward pass, recognised by their batch sizes: a known one keeps its lengths and its batch."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # id → batch sizes (kept alive, so that the id stays theirs) and lengths

    def pack(self, sequence: torch.Tensor, lengths: torch.Tensor, batch_first: bool = False) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: FBT001, FBT002 - torch's signature
        """Return the packed rows and the batch sizes, as `torch._VF._pack_padded_sequence`."""
        sequence = sequence.transpose(0, 1) if batch_first else sequence
        steps = sequence.shape[0]
        longest = lengths.max().item()
        _state(longest >= 1)
        _state(longest <= steps)
        grid = Grid(torch.arange(steps)[:, None] < lengths[None, :], lengths)
        batch_sizes = grid.filled.sum(1)[:longest]
        self._known[id(batch_sizes)] = (batch_sizes, lengths)
        return grid.gather(sequence), batch_sizes

    def grid(self, batch_sizes: torch.Tensor) -> Grid:
        """Return the grid of a packed sequence, which may have been packed elsewhere."""
        if known := self._known.get(id(batch_sizes)):
            lengths = known[1]
            return Grid(torch.arange(lengths.shape[0])[None, :] < batch_sizes[:, None], lengths)
        batch = batch_sizes[0].item()
        _state(batch >= 1)
        filled = torch.arange(batch)[None, :] < batch_sizes[:, None]
        return Grid(filled, filled.sum(0))

    def pad(
        self,
        rows: torch.Tensor,
        batch_sizes: torch.Tensor,
        batch_first: bool,  # noqa: FBT001 - torch's signature
        padding_value: float,
        total_length: int | torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the padded sequence and the lengths, as `torch._VF._pad_packed_sequence`; without `total_length` up to the longest."""
        grid = self.grid(batch_sizes)
        steps, batch = grid.filled.shape
        filled = grid.filled.reshape(steps, batch, *[1] * (rows.ndim - 1)).to(rows.device)
        padded = torch.where(filled, grid.spread(rows), torch.full((), padding_value, dtype=rows.dtype, device=rows.device))
        if total_length is not None:
            padded = _lengthened(padded, total_length, padding_value)
        return (padded.transpose(0, 1) if batch_first else padded), grid.lengths


def _lengthened(padded: torch.Tensor, total_length: int | torch.Tensor, padding_value: float) -> torch.Tensor:
    length = total_length.item() if isinstance(total_length, torch.Tensor) else total_length  # stays symbolic during an export
    _state(length >= padded.shape[0])
    missing = [0] * (2 * padded.ndim - 1) + [length - padded.shape[0]]  # the last dim comes first, behind each start its end
    return torch.nn.functional.pad(padded, missing, value=padding_value)  # type: ignore[arg-type]


def _state(condition: Any) -> None:
    """Tell an export what holds of a size that it does not know."""
    torch._check(condition)  # type: ignore[no-untyped-call]
