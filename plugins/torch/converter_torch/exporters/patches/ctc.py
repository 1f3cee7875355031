"""The CTC loss, which ONNX lacks: the forward algorithm as a scan over time.

Graves et al., "Connectionist temporal classification", ICML 2006, equations 6 to 8, in logarithms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch._higher_order_ops.scan import scan
from torch.nn import functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes

Lengths = torch.Tensor | Sequence[int]


@contextlib.contextmanager
def ctc_by_scan(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Compute the loss by the forward algorithm."""

    def ctc_loss(
        log_probs: torch.Tensor,
        targets: torch.Tensor,
        input_lengths: Lengths,
        target_lengths: Lengths,
        blank: int = 0,
        reduction: str = "mean",
        zero_infinity: bool = False,  # noqa: FBT001, FBT002 - torch's signature
    ) -> torch.Tensor:
        notes.add("CTC loss as a scan")
        is_alone = log_probs.dim() == 2
        if is_alone:
            log_probs, targets = log_probs.unsqueeze(1), targets.unsqueeze(0)
        steps, labels = (_as_tensor(each, log_probs.device) for each in (input_lengths, target_lengths))
        rows = targets.to(torch.int64) if targets.dim() == 2 else _rows(targets.to(torch.int64), labels, blank)
        losses = -_log_likelihood(log_probs, rows, steps, labels, blank)
        if zero_infinity:
            losses = torch.where(torch.isinf(losses), 0.0, losses)
        if reduction == "mean":
            return (losses / labels.clamp(min=1)).mean()
        if reduction == "sum":
            return losses.sum()
        return losses.squeeze(0) if is_alone else losses

    with everywhere({functional.ctc_loss: ctc_loss}):
        yield module


def _as_tensor(lengths: Lengths, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(lengths, dtype=torch.int64, device=device).reshape(-1)


def _rows(targets: torch.Tensor, lengths: torch.Tensor, blank: int) -> torch.Tensor:
    """Return targets that lie one after the other as rows: int64 [batch, all labels], with blanks after the labels of each."""
    places = torch.arange(targets.shape[0], device=targets.device)
    starts = lengths.cumsum(0) - lengths
    taken = targets[(starts[:, None] + places).clamp(max=targets.shape[0] - 1)]
    return torch.where(places < lengths[:, None], taken, blank)


def _log_likelihood(log_probs: torch.Tensor, rows: torch.Tensor, steps: torch.Tensor, lengths: torch.Tensor, blank: int) -> torch.Tensor:
    """Return the logarithm of the probability of each row of labels: [batch], from log_probs [time, batch, classes] and rows [batch, labels].

    The states are the labels with blanks between, before and after: 2 · labels + 1.
    """
    count = 2 * rows.shape[1] + 1
    states = torch.arange(count, device=rows.device)
    spread = torch.cat([torch.full_like(rows[:, :1], blank), torch.stack([rows, torch.full_like(rows, blank)], 2).flatten(1)], 1)
    may_skip = (states % 2 == 1) & (spread != _shifted(spread, 2, blank)) & (states > 1)
    emitted = log_probs.gather(2, spread.expand(log_probs.shape[0], -1, -1))
    times = torch.arange(log_probs.shape[0], device=rows.device)

    def step(before: torch.Tensor, now: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        time, emission = now
        stayed = torch.where((time == 0) & (states > 1), float("-inf"), before)
        moved = torch.where(time == 0, float("-inf"), _shifted(before, 1, float("-inf")))
        skipped = torch.where(may_skip & (time > 0), _shifted(before, 2, float("-inf")), float("-inf"))
        after = torch.where(time < steps[:, None], _log_of_sum(stayed, moved, skipped) + emission, before)
        return after, after[:, :1].clone()

    last, _ = scan(step, torch.zeros_like(emitted[0]), (times, emitted))
    ends = torch.stack([2 * lengths, (2 * lengths - 1).clamp(min=0)], 1)
    blank_end, label_end = last.gather(1, ends).unbind(1)
    return _log_of_sum(blank_end, torch.where(lengths > 0, label_end, float("-inf")))


def _shifted(tensor: torch.Tensor, places: int, filling: float) -> torch.Tensor:
    """Return the rows moved to the right."""
    return torch.cat([torch.full_like(tensor[:, :places], filling), tensor], 1)[:, : tensor.shape[1]]


def _log_of_sum(*logarithms: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the sum of the exponentials; of none that is above -inf, -inf."""
    stacked = torch.stack(logarithms)
    most = stacked.amax(0)
    shift = torch.where(torch.isinf(most), 0.0, most)
    return (stacked - shift).exp().sum(0).log() + shift
