"""Cross entropies that ONNX's SoftmaxCrossEntropyLoss does not compute, though torch's translation takes it: targets that are probabilities, smoothed labels, one sample alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch.nn import _reduction, functional

from converter_torch.exporters.patches.replacing import everywhere

if TYPE_CHECKING:
    from torch import nn

    from converter_torch.exporters.patches.notes import Notes


@contextlib.contextmanager
def written_out_entropies(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Compute them from the logarithms of the softmax, as torch's documentation of CrossEntropyLoss gives the formulas."""
    own = functional.cross_entropy

    def cross_entropy(  # torch's signature
        input: torch.Tensor,  # noqa: A002
        target: torch.Tensor,
        weight: torch.Tensor | None = None,
        size_average: bool | None = None,  # noqa: FBT001
        ignore_index: int = -100,
        reduce: bool | None = None,  # noqa: FBT001
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> torch.Tensor:
        if size_average is not None or reduce is not None:
            reduction = _reduction.legacy_get_string(size_average, reduce)
        if not target.is_floating_point() and not label_smoothing and input.dim() > 1:
            return own(input, target, weight, ignore_index=ignore_index, reduction=reduction)
        notes.add("cross entropy written out")
        if target.is_floating_point():
            losses, count = _of_probabilities(input, target, weight, label_smoothing)
        else:
            losses, count = _of_labels(input, target, weight, ignore_index, label_smoothing)
        if reduction == "none":
            return losses
        return losses.sum() if reduction == "sum" else losses.sum() / count

    with everywhere({own: cross_entropy, **_in_one_piece()}):
        yield module


def _in_one_piece() -> dict[Callable[..., torch.Tensor], Callable[..., torch.Tensor]]:
    """Return a stand-in for the linear cross entropy (of torch 2.13 and later) that does not split the batch, which only saves memory."""
    own = getattr(functional, "linear_cross_entropy", None)
    return {} if own is None else {own: lambda *args, **kwargs: own(*args, **{**kwargs, "options": None})}


def _of_probabilities(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None, smoothing: float
) -> tuple[torch.Tensor, torch.Tensor | int]:
    """Return the loss of every place, and how many places there are."""
    axis = _axis(logits)
    classes = logits.shape[axis]
    smoothed = target * (1 - smoothing) + smoothing / classes
    losses = -(smoothed * _weighted(logits.log_softmax(axis), weight)).sum(axis)
    return losses, losses.numel()


def _of_labels(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None, ignored: int, smoothing: float
) -> tuple[torch.Tensor, torch.Tensor | int]:
    """Return the loss of every place, and the sum of the places' weights; places of the ignored label have none."""
    axis, counts = _axis(logits), target != ignored
    labels = torch.where(counts, target, 0)
    logarithms = logits.log_softmax(axis)
    weights = counts.to(logits.dtype) * (1 if weight is None else weight.index_select(0, labels.reshape(-1)).reshape(labels.shape))
    losses = -logarithms.gather(axis, labels.unsqueeze(axis)).squeeze(axis) * weights
    if smoothing:
        spread = -_weighted(logarithms, weight).sum(axis) * counts / logits.shape[axis]
        losses = losses * (1 - smoothing) + spread * smoothing
    return losses, weights.sum()


def _axis(logits: torch.Tensor) -> int:
    return 0 if logits.dim() == 1 else 1


def _weighted(logarithms: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    return logarithms if weight is None else logarithms * weight.reshape(-1, *[1] * max(logarithms.dim() - 2, 0))
