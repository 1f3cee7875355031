"""Recurrent layers and packed sequences in every setting: fused operators, right at every size."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Any

import onnx
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

FEATURES, HIDDEN, PROJECTED = 6, 8, 3
SIZES = ({"batch": 1, "length": 1}, {"batch": 3, "length": 11}, {"batch": 5, "length": 2})
KINDS = ("LSTM", "projected LSTM", "GRU", "tanh RNN", "relu RNN")


@dataclass(frozen=True)
class Setting:
    kind: str
    layers: int
    bidirectional: bool
    batch_first: bool
    bias: bool
    states: bool

    def __str__(self) -> str:
        flags = [name for name in ("bidirectional", "batch_first", "bias", "states") if getattr(self, name)]
        return " ".join([self.kind, f"x{self.layers}", *flags])

    @property
    def projected(self) -> int:
        return PROJECTED if self.kind == "projected LSTM" else HIDDEN

    @property
    def directions(self) -> int:
        return 1 + self.bidirectional

    def module(self) -> nn.RNNBase:
        settings: dict[str, Any] = {name: getattr(self, name) for name in ("bidirectional", "batch_first", "bias")}
        kinds = {
            "LSTM": nn.LSTM,
            "projected LSTM": lambda *sizes, **given: nn.LSTM(*sizes, proj_size=PROJECTED, **given),
            "GRU": nn.GRU,
            "tanh RNN": nn.RNN,
            "relu RNN": lambda *sizes, **given: nn.RNN(*sizes, nonlinearity="relu", **given),
        }
        torch.manual_seed(3)
        return kinds[self.kind](FEATURES, HIDDEN, self.layers, **settings)

    def inputs(self) -> list[str]:
        rows = self.layers * self.directions
        given = [f"sequence:float32[{'batch,length' if self.batch_first else 'length,batch'},{FEATURES}]"]
        if self.states:
            given.append(f"hidden:float32[{rows},batch,{self.projected}]")
        if self.states and "LSTM" in self.kind:
            given.append(f"cell:float32[{rows},batch,{HIDDEN}]")
        return given


def every_setting() -> list[Setting]:
    return [Setting(*each) for each in itertools.product(KINDS, (1, 2), *[(False, True)] * 4)]


def sampled(settings: list[Any], count: int) -> list[Any]:
    """A seeded sample; the rest is marked slow."""
    chosen = set(random.Random(5).sample(range(len(settings)), count))
    return [pytest.param(each, id=str(each), marks=() if place in chosen else pytest.mark.slow) for place, each in enumerate(settings)]


class Layer(nn.Module):
    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.recurrent = recurrent

    def forward(self, sequence: torch.Tensor, hidden: torch.Tensor | None = None, cell: torch.Tensor | None = None) -> Any:
        states = hidden if cell is None else (hidden, cell)
        return self.recurrent(sequence, states)


def operators(graph: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in graph.graph.node if node.op_type in {"LSTM", "GRU", "RNN"}]


@pytest.mark.parametrize("setting", sampled(every_setting(), 8))
def test_every_setting_is_fused_and_right_at_every_size(setting: Setting, load: Any, prove: Any) -> None:
    model = load(Layer(setting.module()), *setting.inputs())
    graph = prove(model, *SIZES)
    assert operators(graph) == [setting.kind.split()[-1]] * setting.layers


@dataclass(frozen=True)
class Packed:
    kind: str
    bidirectional: bool
    batch_first: bool
    enforce_sorted: bool
    states: bool
    total_length: bool

    def __str__(self) -> str:
        flags = [name for name in ("bidirectional", "batch_first", "enforce_sorted", "states", "total_length") if getattr(self, name)]
        return " ".join([self.kind, *flags])

    def module(self) -> nn.Module:
        return PackedLayer(self, Setting(self.kind, 2, self.bidirectional, self.batch_first, bias=True, states=self.states))


class PackedLayer(nn.Module):
    def __init__(self, packed: Packed, setting: Setting) -> None:
        super().__init__()
        self.packed, self.setting = packed, setting
        self.recurrent = setting.module()

    def forward(self, sequence: torch.Tensor, lengths: torch.Tensor, hidden: torch.Tensor | None = None, cell: torch.Tensor | None = None) -> Any:
        lengths = lengths.sort(descending=True).values if self.packed.enforce_sorted else lengths
        rows = pack_padded_sequence(sequence, lengths, batch_first=self.setting.batch_first, enforce_sorted=self.packed.enforce_sorted)
        rows, last = self.recurrent(rows, hidden if cell is None else (hidden, cell))
        total = sequence.shape[1 if self.setting.batch_first else 0] if self.packed.total_length else None
        return (*pad_packed_sequence(rows, batch_first=self.setting.batch_first, padding_value=-2.0, total_length=total), last)


def every_packing() -> list[Packed]:
    return [Packed(*each) for each in itertools.product(("LSTM", "projected LSTM", "GRU", "tanh RNN"), *[(False, True)] * 5)]


@pytest.mark.parametrize("packed", sampled(every_packing(), 5))
def test_packed_sequences_are_fused_and_right_at_every_size(packed: Packed, load: Any, prove: Any) -> None:
    layer = packed.module()
    sequence, *states = layer.setting.inputs()
    model = load(layer, sequence.replace("length", "length=4..40"), "lengths:int64[batch]{1..4}", *states)
    graph = prove(model, {"batch": 1, "length": 4}, {"batch": 3, "length": 11}, {"batch": 7, "length": 5})
    assert len(operators(graph)) == 2


def test_an_unbatched_sequence(load: Any, prove: Any) -> None:
    layer = Setting("LSTM", 2, bidirectional=True, batch_first=True, bias=True, states=False).module()
    assert len(operators(prove(load(Layer(layer), f"sequence:float32[length,{FEATURES}]"), {"length": 1}, {"length": 12}))) == 2


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
    layer = Setting("LSTM", 1, bidirectional=True, batch_first=False, bias=True, states=True).module()
    inputs = [each.replace("float32", dtype) for each in Setting("LSTM", 1, True, False, True, True).inputs()]
    model = load(Layer(layer.to(getattr(torch, dtype))), *inputs)
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
    layer = nn.utils.parametrizations.weight_norm(nn.LSTM(FEATURES, HIDDEN), "weight_hh_l0")
    assert operators(prove(load(Layer(layer), f"sequence:float32[length,batch,{FEATURES}]"), *SIZES)) == ["LSTM"]


def test_a_layer_that_is_used_twice(load: Any, prove: Any) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.LSTM(FEATURES, FEATURES)

        def forward(self, sequence: torch.Tensor) -> torch.Tensor:
            output, states = self.recurrent(sequence)
            return self.recurrent(output, states)[0]

    assert len(operators(prove(load(Twice(), f"sequence:float32[length,batch,{FEATURES}]"), *SIZES))) == 2
