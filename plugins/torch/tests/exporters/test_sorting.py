"""Stable sorting, with many equals."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Sorted(nn.Module):
    def forward(self, keys: torch.Tensor, x: torch.Tensor) -> dict[str, torch.Tensor]:
        values, places = keys.sort(dim=0, stable=True)
        return {
            "values": values,
            "places": places,
            "down": keys.argsort(descending=True, stable=True),
            "floats": x.sort(stable=True).values,
            "scalar": x.sum().sort(stable=True).values,
        }


def test_equals_keep_their_order(load: Any, prove: Any) -> None:
    prove(load(Sorted(), "keys:int64[n,m]{0..3}", "x:float32[n]"), {"n": 1, "m": 5}, {"n": 30, "m": 2}, {"n": 9, "m": 40})
