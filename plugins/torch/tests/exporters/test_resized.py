"""The second example's sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from converter.plugin import Axis, ExportRequest, example_sizes
from converter.runtime import Session
from converter_torch.exporters.resized import other_sizes


def test_the_other_sizes_are_of_other_parity_and_distinct() -> None:
    axes = {"batch": Axis(), "height": Axis(), "width": Axis(32, 512, 32), "few": Axis(1, 6), "one": Axis(4, 4)}
    first, second = example_sizes(axes), other_sizes(axes)
    assert second["batch"] % 2 == 0
    assert len({second["batch"], second["height"]}) == 2
    assert (second["width"] - first["width"]) // 32 % 2 == 1
    assert all(axis.low <= second[name] <= axis.high for name, axis in axes.items())
    assert all(second[name] != first[name] for name in axes if name != "one")


class Threes(nn.Module):
    """Rows in threes, and what is left over as zeros: the branch that pads is right at every size, the other one at some."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        whole = x[:, : x.shape[1] // 3 * 3] * 2
        if whole.shape[1] < x.shape[1]:
            whole = functional.pad(whole, (0, x.shape[1] - whole.shape[1]))
        return whole


def test_the_sizes_of_a_case_that_was_wrong_are_the_example(load: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.onnx"
    model = load(Threes(), "x:float32[batch,n=3..30]")
    write = next(each.write for each in model.exporters if each.name == "resized")
    feeds = {name: model.sample(np.random.default_rng(0), {"batch": 2, "n": n})["x"] for name, n in (("even", 6), ("left over", 8))}
    for refuted, right in (({"batch": 1, "n": 7}, ["even", "left over"]), ({"batch": 1, "n": 9}, ["even"])):
        write(ExportRequest(path, refuted=refuted))
        session = Session(path, device="cpu")
        assert [name for name, x in feeds.items() if np.array_equal(session({"x": x})["output"], model.run({"x": x})["output"])] == right


class Odd(nn.Module):
    """Right at even sizes alone when it is captured at an odd one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


def test_the_exporter(load: Any, prove: Any) -> None:
    prove(load(Odd(), "x:float32[n,m]"), {"n": 1, "m": 4}, {"n": 5, "m": 2}, exporter="resized")


def test_without_axes_there_is_nothing_to_resize(load: Any) -> None:
    assert [each.name for each in load(Odd(), "x:float32[2,3]").exporters] == ["patched", "dynamo", "script", "trace"]
