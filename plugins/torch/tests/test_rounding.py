"""How exact a model is, and that the proof asks where its graph differs by little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import converter

WIDTH = 2048


@pytest.fixture
def cancelling() -> nn.Module:
    """A layer of which most outputs are small sums of large terms."""
    torch.manual_seed(0)
    layer = nn.Linear(WIDTH, 9)
    half = 10 * torch.randn(9, WIDTH // 2)
    layer.weight.data = torch.cat([half, -half.flip(1)], dim=1)
    layer.weight.data[-1] = 10 * torch.randn(WIDTH)

    class Doubled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(torch.cat([x, x.flip(1)], dim=1))

    return Doubled()


def test_errors_are_those_of_float32(load: Any, cancelling: nn.Module) -> None:
    model = load(cancelling, f"x:float32[rows,{WIDTH // 2}]")
    feeds = model.sample(np.random.default_rng(0), {"rows": 3})
    (error,) = model.rounding(feeds).values()
    assert 1e-5 < error < 1e-2
    weight, bias = cancelling.layer.weight.detach().double().numpy(), cancelling.layer.bias.detach().double().numpy()  # type: ignore[union-attr]
    x = feeds["x"].astype(np.float64)
    exact = np.concatenate([x, x[:, ::-1]], axis=1) @ weight.T + bias
    assert error == pytest.approx(np.abs(next(iter(model.run(feeds).values())) - exact).max(), rel=1e-3)
    assert cancelling.layer.weight.dtype == torch.float32  # type: ignore[union-attr]


def test_what_does_not_run_in_float64_is_not_known(load: Any) -> None:
    class Narrow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ torch.ones(3, 2)

    model = load(Narrow(), "x:float32[rows,3]")
    assert model.rounding(model.sample(np.random.default_rng(0), {"rows": 2})) == {}


def test_the_proof_asks(cancelling: nn.Module, tmp_path: Path) -> None:
    report = converter.convert(cancelling, tmp_path / "model.onnx", inputs=[f"x:float32[rows,{WIDTH // 2}]"], cases=tmp_path / "cases")
    assert report.agrees
    assert "; the model's own rounding is " in report.attempts[-1].line
    assert converter.validate(tmp_path / "model.onnx", against=cancelling, inputs=[f"x:float32[rows,{WIDTH // 2}]"]).agrees
    assert converter.validate(tmp_path / "model.onnx", cases=tmp_path / "cases").agrees
    assert not converter.validate(tmp_path / "model.onnx", cases=tmp_path / "cases", atol=1e-5).agrees
