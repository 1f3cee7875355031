"""Products of several matrices keep the layout that their rows were given."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Paired(nn.Module):
    """Rows [2, 2, n, 3], laid out as one block for each matrix; and the same with a single matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.matrices = nn.Parameter(torch.randn(2, 3, 4))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        blocks = (x.reshape(2, 10, 3) @ self.matrices).reshape(2, 2, 5, 4)
        return blocks, (x.reshape(20, 3) @ self.matrices[0]).reshape(2, 2, 5, 4)


def test_rows_in_blocks(load: Any, prove: Any) -> None:
    prove(load(Paired(), "x:float32[2,2,5,3]"))
