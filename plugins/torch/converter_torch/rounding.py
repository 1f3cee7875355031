"""How exact a model's answers are: the same forward in float64, from the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from converter_torch.precision import converted
from converter_torch.signature.flat import evaluating

if TYPE_CHECKING:
    from converter_torch.signature.flat import Flat


def errors(flat: Flat, tensors: Sequence[torch.Tensor]) -> list[float] | None:
    """Return the largest error of each output, 0 where it is no float; None where the model does not run in float64.

    A copy of the weights in float64 is made for it. What a forward computes in float32 by its own will stays as it is.
    """
    try:
        exact = converted(flat, "float64")
        with evaluating(flat), evaluating(exact):
            pairs = zip(flat(*(tensor.clone() for tensor in tensors)), exact(*map(_widened, tensors)), strict=True)
            return [_largest(own.double() - wide) if own.is_floating_point() else 0.0 for own, wide in pairs]
    except Exception:  # noqa: BLE001 - a forward that names its dtypes raises what it likes
        return None


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor.clone()


def _largest(difference: torch.Tensor) -> float:
    finite = difference[difference.isfinite()].abs()
    return float(finite.max()) if finite.numel() else 0.0
