"""Numbers of Python that follow a free axis stay free, and are as exact as Python's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

SIZES = tuple({"n": n} for n in (1, 2, 7, 10, 30, 100, 101))


class Counting(nn.Module):
    """Takes as many of its rows as each kind of arithmetic says."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        n = x.shape[0]
        counts = {
            "int": int(n * 0.29),  # 28 at n = 100 in double precision, 29 in float32
            "floor": math.floor(n * 0.29),
            "ceil": int(np.ceil(n / 3)),
            "round": round(n * 0.25),  # half to even
            "min": min(n, 8),
            "max": max(1, n // 4),
            "isinstance": n if isinstance(n, int) else 0,
            "log": int(math.log2(n + 0.5)),
        }
        return {**{f"by_{name}": x[:count] for name, count in counts.items()}, "scaled": x / math.sqrt(n) + x * n**-0.5}


def test_numbers_stay_free_and_exact(load: Any, prove: Any) -> None:
    model = load(Counting(), "x:float32[n=1..200]")
    prove(model, *SIZES)
    assert {"int", "min", "max", "round"}.isdisjoint(globals()), "the stand-ins are gone from this module"


class Typed(nn.Module):
    """Uses `int` and `float` as types too."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kinds = [int, float]
        assert isinstance(1, kinds[0])
        assert issubclass(bool, int)
        assert np.zeros(1, dtype=int).dtype == np.dtype(np.int64)
        assert int("3") == 3
        assert float.fromhex("0x1p0") == 1.0
        assert isinstance(x.shape[0], kinds[0])
        return x[: int(x.shape[0] / 2) + 1]


def test_types_stay_types(load: Any, prove: Any) -> None:
    prove(load(Typed(), "x:float32[n=1..50]"), {"n": 1}, {"n": 8}, {"n": 31})
