"""Recurrent layers and packed sequences in every setting: fused operators, right at every size."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from torch import nn

from torch_cases.case import Case
from torch_cases.recurrent import FEATURES, HIDDEN, KINDS, ROWS, Layer, Setting

SIZES = ({"batch": 1, "length": 1}, {"batch": 3, "length": 11}, {"batch": 5, "length": 2})
PACKED_SIZES = ({"batch": 1, "length": 4}, {"batch": 3, "length": 11}, {"batch": 7, "length": 5})


def cases(suffix: str, sample: int) -> list[Any]:
    """The coverage's cases of every kind, `sample` of them by default and the rest marked slow."""
    found = [case for kind in KINDS for case in ROWS[f"{kind}{suffix}"]()]
    chosen = set(random.Random(5).sample(range(len(found)), sample))
    return [pytest.param(each, id=each.title, marks=() if place in chosen else pytest.mark.slow) for place, each in enumerate(found)]


def operators(graph: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in graph.graph.node if node.op_type in {"LSTM", "GRU", "RNN"}]


def is_fused(case: Case, graph: onnx.ModelProto) -> bool:
    """Whether every layer is one operator, and of its own kind."""
    return operators(graph) == [case.row.split()[0]] * int(case.setting.split()[0])


@pytest.mark.parametrize("case", cases("", 4))
def test_every_setting_is_fused_and_right_at_every_size(case: Case, prove: Any, tmp_path: Path) -> None:
    assert is_fused(case, prove(case.load(tmp_path), *SIZES))


@pytest.mark.parametrize("case", cases(" unbatched", 1))
def test_unbatched_sequences_are_fused_and_right_at_every_length(case: Case, prove: Any, tmp_path: Path) -> None:
    assert is_fused(case, prove(case.load(tmp_path), {"length": 1}, {"length": 12}))


@pytest.mark.parametrize("case", cases(" packed", 2))
def test_packed_sequences_are_fused_and_right_at_every_size(case: Case, prove: Any, tmp_path: Path) -> None:
    assert is_fused(case, prove(case.load(tmp_path), *PACKED_SIZES))


def test_a_packed_sequence_that_is_packed_elsewhere(load: Any, prove: Any) -> None:
    """The batch sizes are made by the model itself, so nothing is known of their lengths."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.GRU(FEATURES, HIDDEN)

        def forward(self, rows: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
            output, last = self.recurrent(nn.utils.rnn.PackedSequence(rows, counts.sort(descending=True).values))
            return output.data, last

    model = load(Own(), f"rows:float32[6,{FEATURES}]", "counts:int64[3]{2..2}")
    assert operators(prove(model)) == ["GRU"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])  # ONNX Runtime has no LSTM in double
def test_other_dtypes(dtype: str, load: Any, prove: Any) -> None:
    setting = Setting("LSTM", 1, bidirectional=True, batch_first=False, bias=True, states=True)
    inputs = [each.replace("float32", dtype) for each in (f"sequence:float32[length,batch,{FEATURES}]", *setting.state_inputs("batch,"))]
    model = load(Layer(setting).to(getattr(torch, dtype)), *inputs)
    assert operators(prove(model, *SIZES, atol=2e-2 if dtype == "bfloat16" else 2e-3)) == ["LSTM"]


def test_a_bare_call_of_the_function(load: Any, prove: Any) -> None:
    """torch.gru, without a module that holds its weights."""

    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.ParameterList(
                [torch.randn(3 * HIDDEN, FEATURES), torch.randn(3 * HIDDEN, HIDDEN), torch.randn(3 * HIDDEN), torch.randn(3 * HIDDEN)]
            )

        def forward(self, sequence: torch.Tensor) -> torch.Tensor:
            first = torch.zeros(1, sequence.shape[1], HIDDEN)
            return torch.gru(sequence, first, list(self.weights), True, 1, 0.0, False, False, False)

    assert operators(prove(load(Bare(), f"sequence:float32[length,batch,{FEATURES}]"), *SIZES)) == ["GRU"]


def test_weights_that_are_computed_are_their_current_values(load: Any, prove: Any) -> None:
    layer = Layer(Setting("LSTM", 1, bidirectional=False, batch_first=False, bias=True, states=False))
    nn.utils.parametrizations.weight_norm(layer.recurrent, "weight_hh_l0")
    assert operators(prove(load(layer, f"sequence:float32[length,batch,{FEATURES}]"), *SIZES)) == ["LSTM"]


def test_a_layer_that_is_used_twice(load: Any, prove: Any) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.LSTM(FEATURES, FEATURES)

        def forward(self, sequence: torch.Tensor) -> torch.Tensor:
            output, states = self.recurrent(sequence)
            return self.recurrent(output, states)[0]

    assert len(operators(prove(load(Twice(), f"sequence:float32[length,batch,{FEATURES}]"), *SIZES))) == 2
