"""The second example's sizes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from converter.plugin import Axis, example_sizes
from converter_torch.exporters.resized import other_sizes


def test_the_other_sizes_are_of_other_parity_and_distinct() -> None:
    axes = {"batch": Axis(), "height": Axis(), "width": Axis(32, 512, 32), "few": Axis(1, 6), "one": Axis(4, 4)}
    first, second = example_sizes(axes), other_sizes(axes)
    assert second["batch"] % 2 == 0
    assert len({second["batch"], second["height"]}) == 2
    assert (second["width"] - first["width"]) // 32 % 2 == 1
    assert all(axis.low <= second[name] <= axis.high for name, axis in axes.items())
    assert all(second[name] != first[name] for name in axes if name != "one")


class Odd(nn.Module):
    """Right at even sizes alone when it is captured at an odd one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def test_the_exporter(load: Any, prove: Any) -> None:
    prove(load(Odd(), "x:float32[n,m]"), {"n": 1, "m": 4}, {"n": 5, "m": 2}, exporter="resized")


def test_without_axes_there_is_nothing_to_resize(load: Any) -> None:
    assert [each.name for each in load(Odd(), "x:float32[2,3]").exporters] == ["patched", "dynamo", "script", "trace"]
