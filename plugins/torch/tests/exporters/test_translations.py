"""Operators of torch.library: translated by the user's own table, else named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from converter.plugin import ExportError, ExportRequest, SourceNotFound, UsageError

MODULE = """
import torch
from onnxscript import opset20 as op

@torch.library.custom_op("converter_test::halved", mutates_args=())
def halved(x: torch.Tensor) -> torch.Tensor:
    return x / 2

@halved.register_fake
def _(x):
    return torch.empty_like(x)

def translated(x):
    return op.Mul(x, op.Constant(value_float=0.5))

TABLE = {torch.ops.converter_test.halved.default: translated}
PACKET = {torch.ops.converter_test.halved: translated}
NUMBER = 3
"""


class Halving(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + 1


class Inner(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.converter_test.halved(x)


@pytest.fixture
def operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "halving_operators.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    __import__("halving_operators")


@pytest.mark.usefixtures("operators")
def test_a_table_translates_an_operator_and_without_one_it_is_named(load: Any, prove: Any, tmp_path: Path) -> None:
    prove(load(Halving(), "x:float32[n,2]", options={"translation": "halving_operators:TABLE"}), {"n": 1}, {"n": 6})
    model = load(Halving(), "x:float32[n,2]")
    with pytest.raises(ExportError, match=r"operator converter_test\.halved\.default of inner \(Inner\) has no translation to ONNX") as caught:
        next(each.write for each in model.exporters if each.name == "patched")(ExportRequest(tmp_path / "out.onnx"))
    assert "-O translation=module:TABLE, where TABLE = {torch.ops.converter_test.halved.default:" in caught.value.hint
    for reference, message in (
        ("TABLE", "option translation is module:TABLE, not 'TABLE'"),
        ("halving_operators:NUMBER", "is a int, and no table of translations"),
        ("halving_operators:PACKET", "which is no overload of a torch operator"),
    ):
        with pytest.raises(UsageError, match=message) as refused:
            load(Halving(), "x:float32[n,2]", options={"translation": reference})
        assert refused.value.hint
    with pytest.raises(SourceNotFound, match="has no 'NOTHING'"):
        load(Halving(), "x:float32[n,2]", options={"translation": "halving_operators:NOTHING"})
