"""Products of groups of rows: a loop over the groups, right where some are empty and where rows are left over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

pytest.importorskip("transformers.integrations.moe", reason="the operator is transformers', which is not installed")

GROUPS, WIDTH = 4, 8


class Experts(nn.Module):
    """Rows sorted by the group that they go to, and multiplied by its matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.matrices = nn.Parameter(torch.randn(GROUPS, WIDTH, 4))

    def forward(self, rows: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        order = groups.argsort(stable=True)
        ends = (groups[None, :] <= torch.arange(GROUPS)[:, None]).sum(1).to(torch.int32)
        return torch.ops.transformers.grouped_mm_fallback(rows[order], self.matrices, offs=ends) + 1


def test_a_loop_over_the_groups(load: Any, prove: Any) -> None:
    graph = prove(load(Experts(), f"rows:float32[n,{WIDTH}]", f"groups:int64[n]{{0..{GROUPS - 1}}}"), {"n": 1}, {"n": 3}, {"n": 40})
    assert "Loop" in {node.op_type for node in graph.graph.node}
