"""Static exports laid over each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from converter.plugin import ExportError, ExportRequest
from converter_torch.generalising.expressions import Term, fit, value_of

SIZES = [{"a": 5, "b": 7}, {"a": 6, "b": 7}, {"a": 8, "b": 7}, {"a": 5, "b": 8}, {"a": 5, "b": 10}]


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a,  # noqa: ARG005
        lambda a, b: 3 * b - 4,  # noqa: ARG005
        lambda a, b: (a + 1) // 2,  # noqa: ARG005
        lambda a, b: b // 3 * 8 + 1,  # noqa: ARG005
        lambda a, b: 12 * a * b,
        lambda a, b: (a // 2) * (b + 1) * 4,
    ],
)
def test_an_expression_is_found(function: Any) -> None:
    found = fit(SIZES, [function(**each) for each in SIZES])
    assert found is not None
    assert all(value_of(found, each) == function(**each) for each in SIZES)


def test_no_expression_is_made_up() -> None:
    assert fit(SIZES, [1, 100, 3, 50, 8]) is None
    assert fit(SIZES, [each["a"] + each["b"] for each in SIZES]) is None  # a sum of two axes is no product of terms
    assert fit([{"n": 5}, {"n": 6}, {"n": 8}], [5, 6, 8]) == (Term("n", 1, 0),)


class Frozen(nn.Module):
    """Asks for its length in a way that fixes it."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = len(["" for _ in range(x.shape[2].__index__())])
        half = x[:, :, : length // 2 + 1].mean(-1, keepdim=True)
        return self.narrow(x).reshape(x.shape[0], 2, 2 * length) / length + torch.arange(2 * length) + half.mean()


@pytest.mark.slow
def test_a_length_that_was_fixed_is_free_again(load: Any, prove: Any, tmp_path: Path) -> None:
    model = load(Frozen(), "x:float32[2,4,n=1..60]")
    prove(model, {"n": 1}, {"n": 4}, {"n": 7}, {"n": 40}, exporter="generalised")
    write = next(each.write for each in model.exporters if each.name == "generalised")
    assert "generalised from 3 static exports" in str(write(ExportRequest(tmp_path / "again.onnx")))


@pytest.mark.slow
def test_a_structure_that_follows_the_size_is_refused(load: Any, tmp_path: Path) -> None:
    class Looping(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            total = x[0]
            for row in range(1, x.shape[0]):
                total = total * 0.5 + x[row]
            return total

    model = load(Looping(), "x:float32[rows,3]")
    write = next(each.write for each in model.exporters if each.name == "generalised")
    with pytest.raises(ExportError, match="exporter generalised: the structure follows the sizes") as caught:
        write(ExportRequest(tmp_path / "out.onnx"))
    assert "tensors" in caught.value.hint
