"""The tests that every plugin passes."""

from __future__ import annotations

from pathlib import Path

from converter.testing import FrameworkConformance
from converter_torch.plugin import Torch


def linear(folder: Path) -> Path:
    import torch

    path = folder / "net.pt2"
    free = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(torch.nn.Linear(3, 2), (torch.zeros(4, 3),), dynamic_shapes=free), path)
    return path


class TestTorch(FrameworkConformance):
    framework = Torch()
    sources = (linear,)
