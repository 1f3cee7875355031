"""Fourier transforms are as near as torch's own, whatever the length, in every form that torch has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx
import pytest
import torch
from torch import nn

FREE = "x:float32[batch,length=8..1100]"
LENGTHS = tuple({"batch": batch, "length": length} for batch, length in ((1, 53), (2, 64), (3, 100), (2, 1009)))


class Call(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.view_as_real(torch.fft.rfft(x)),
        lambda x: torch.fft.fft2(x).real,
        lambda x: torch.fft.irfft(torch.fft.rfft(x) * 2, n=x.shape[-1]),
        lambda x: torch.fft.ifft(torch.fft.fft(x, norm="ortho")).abs(),
    ],
    ids=["rfft", "fft2", "irfft of rfft", "ifft of fft"],
)
def test_of_a_free_length(function: Callable[[torch.Tensor], Any], load: Any, prove: Any) -> None:
    prove(load(Call(function), FREE), *LENGTHS, atol=1e-4)


def casts(graph: onnx.ModelProto) -> int:
    return sum(node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.DOUBLE for node in graph.graph.node)


@pytest.mark.parametrize(("length", "wide"), [(400, True), (512, False)])
def test_of_a_known_length(length: int, wide: bool, load: Any, prove: Any) -> None:  # noqa: FBT001 - a parameter of pytest
    graph = prove(load(Call(lambda x: torch.view_as_real(torch.fft.rfft(x))), f"x:float32[batch,{length}]"), {"batch": 1}, {"batch": 3})
    assert bool(casts(graph)) == wide


@pytest.mark.parametrize(("length", "wide"), [(400, True), (512, False)])
def test_of_windows(length: int, wide: bool, load: Any, prove: Any) -> None:  # noqa: FBT001 - a parameter of pytest
    window = torch.hann_window(length)
    net = Call(lambda x: torch.view_as_real(torch.stft(x, length, 160, window=window, return_complex=True)))
    graph = prove(load(net, "x:float32[batch,samples=2000..8000]"), {"batch": 1, "samples": 2000}, {"batch": 2, "samples": 3333}, atol=1e-4)
    assert bool(casts(graph)) == wide
