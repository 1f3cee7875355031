"""Loops over a free axis and branches on values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from converter.plugin import ExportError, ExportRequest


class Cell(nn.Module):
    """A recurrent cell in a Python loop over time, and a branch on values."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 3)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> dict[str, torch.Tensor]:
        for step in range(x.size(0)):
            hidden = self.cell(x[step], hidden)
        if bool(hidden.sum() > 0):
            hidden = hidden * 2
        return {"state": hidden}


def test_a_script_keeps_loops_and_branches(load: Any, prove: Any) -> None:
    torch.manual_seed(0)
    model = load(Cell(), "x:float32[length,batch,4]", "hidden:float32[batch,3]")
    graph = prove(model, {"length": 1, "batch": 2}, {"length": 9, "batch": 1}, {"length": 4, "batch": 3}, exporter="script")
    assert {"Loop", "If"} <= {node.op_type for node in graph.graph.node}
    assert [each.name for each in graph.graph.output] == ["state"]


class Chosen(nn.Module):
    """A branch in torch's own words."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,))


def test_cond(load: Any, prove: Any) -> None:
    graph = prove(load(Chosen(), "x:float32[n,2]"), {"n": 1}, {"n": 2}, {"n": 9})
    assert "If" in {node.op_type for node in graph.graph.node}


class Halved(nn.Module):
    """As many turns as the values ask for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def goes_on(turn: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return (turn < 9) & (y.abs().sum() > 1)

        def step(turn: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return turn + 1, y / 2

        turns, last = torch._higher_order_ops.while_loop(goes_on, step, (torch.tensor(0), x))
        return last * turns


def test_while_loop(load: Any, prove: Any) -> None:
    graph = prove(load(Halved(), "x:float32[n,2]"), {"n": 1}, {"n": 2}, {"n": 19})
    assert "Loop" in {node.op_type for node in graph.graph.node}


class Decayed(nn.Module):
    """A recurrence over time."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        def step(state: torch.Tensor, row: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            state = state * 0.5 + row
            return state, state.tanh()

        last, every = torch._higher_order_ops.scan(step, torch.zeros_like(x[0]), x)
        return {"last": last, "every": every}


def test_scan(load: Any, prove: Any) -> None:
    graph = prove(load(Decayed(), "x:float32[length,batch,3]"), {"length": 1, "batch": 2}, {"length": 2, "batch": 1}, {"length": 17, "batch": 3})
    assert "Scan" in {node.op_type for node in graph.graph.node}


def test_what_cannot_be_scripted_says_why(load: Any, tmp_path: Path) -> None:
    class Unscripted(nn.Module):
        def forward(self, *x: torch.Tensor) -> torch.Tensor:
            return x[0]

    model = load(Unscripted(), "x:float32[n]")
    write = next(each.write for each in model.exporters if each.name == "script")
    with pytest.raises(ExportError, match="torch, exporter script: ") as caught:
        write(ExportRequest(tmp_path / "out.onnx"))
    assert "--debug" in caught.value.hint
