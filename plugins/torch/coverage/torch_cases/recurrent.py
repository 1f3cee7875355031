"""Every setting of torch's recurrent layers: layers × bidirectional × batch_first × bias × given states, unbatched, and packed sequences."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from torch_cases.case import Case, Rows, declared

FEATURES, HIDDEN, PROJECTED = 6, 8, 3
KINDS: Mapping[str, Any] = MappingProxyType(
    {
        "LSTM": nn.LSTM,
        "LSTM with projection": partial(nn.LSTM, proj_size=PROJECTED),
        "GRU": nn.GRU,
        "RNN with tanh": nn.RNN,
        "RNN with relu": partial(nn.RNN, nonlinearity="relu"),
    }
)


@dataclass(frozen=True)
class Setting:
    """The setting of one layer; flags in the order of its words."""

    kind: str
    layers: int
    bidirectional: bool
    batch_first: bool
    bias: bool
    states: bool

    def __str__(self) -> str:
        flags = [name for name in ("bidirectional", "batch_first", "bias", "states") if getattr(self, name)]
        return ", ".join([f"{self.layers} layers", *flags])

    def module(self) -> nn.RNNBase:
        """Return the layer."""
        settings = {name: getattr(self, name) for name in ("bidirectional", "batch_first", "bias")}
        made: nn.RNNBase = KINDS[self.kind](FEATURES, HIDDEN, self.layers, **settings)
        return made

    def state_inputs(self, batch: str) -> list[str]:
        """Return the inputs of the states, where they are given; `batch` is the part of their dims that tells it."""
        if not self.states:
            return []
        rows = self.layers * (1 + self.bidirectional)
        hidden = f"hidden:float32[{rows},{batch}{PROJECTED if 'projection' in self.kind else HIDDEN}]"
        return [hidden, f"cell:float32[{rows},{batch}{HIDDEN}]"] if "LSTM" in self.kind else [hidden]


class Layer(nn.Module):
    """A recurrent layer whose states are inputs of their own."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.recurrent = setting.module()

    def forward(self, sequence: torch.Tensor, hidden: torch.Tensor | None = None, cell: torch.Tensor | None = None) -> Any:
        """Return the output and the last states."""
        return self.recurrent(sequence, hidden if cell is None else (hidden, cell))


class PackedLayer(Layer):
    """A recurrent layer on packed sequences."""

    def __init__(self, setting: Setting, *, enforce_sorted: bool, total_length: bool) -> None:
        super().__init__(setting)
        self.setting, self.enforce_sorted, self.total_length = setting, enforce_sorted, total_length

    def forward(  # type: ignore[override]
        self, sequence: torch.Tensor, lengths: torch.Tensor, hidden: torch.Tensor | None = None, cell: torch.Tensor | None = None
    ) -> Any:
        """Return the padded output, its lengths, and the last states."""
        lengths = lengths.sort(descending=True).values if self.enforce_sorted else lengths
        rows = pack_padded_sequence(sequence, lengths, batch_first=self.setting.batch_first, enforce_sorted=self.enforce_sorted)
        rows, last = self.recurrent(rows, hidden if cell is None else (hidden, cell))
        total = sequence.shape[1 if self.setting.batch_first else 0] if self.total_length else None
        return (*pad_packed_sequence(rows, batch_first=self.setting.batch_first, padding_value=-2.0, total_length=total), last)


def _batched(kind: str) -> list[Case]:
    settings = (Setting(kind, *each) for each in itertools.product((1, 2), *[(False, True)] * 4))
    return [
        declared(
            kind,
            partial(Layer, each),
            f"sequence:float32[{'batch,length' if each.batch_first else 'length,batch'},{FEATURES}]",
            *each.state_inputs("batch,"),
            setting=str(each),
        )
        for each in settings
    ]


def _unbatched(kind: str) -> list[Case]:
    row = f"{kind} unbatched"
    settings = (Setting(kind, layers, each, False, bias, states) for layers, each, bias, states in itertools.product((1, 2), *[(False, True)] * 3))
    return [
        declared(row, partial(Layer, each), f"sequence:float32[length,{FEATURES}]", *each.state_inputs(""), setting=str(each)) for each in settings
    ]


def _packed(kind: str) -> list[Case]:
    found = []
    for bidirectional, batch_first, states, enforce_sorted, total_length in itertools.product(*[(False, True)] * 5):
        setting = Setting(kind, 2, bidirectional, batch_first, bias=True, states=states)
        flags = {"enforce_sorted": enforce_sorted, "total_length": total_length}
        told = ", ".join([str(setting), *(name for name, value in flags.items() if value)])
        sequence = f"sequence:float32[{'batch,length=4..40' if batch_first else 'length=4..40,batch'},{FEATURES}]"
        make = partial(PackedLayer, setting, enforce_sorted=enforce_sorted, total_length=total_length)
        found.append(declared(f"{kind} packed", make, sequence, "lengths:int64[batch]{1..4}", *setting.state_inputs("batch,"), setting=told))
    return found


ROWS: Rows = MappingProxyType(
    {
        **{kind: partial(_batched, kind) for kind in KINDS},
        **{f"{kind} unbatched": partial(_unbatched, kind) for kind in KINDS},
        **{f"{kind} packed": partial(_packed, kind) for kind in KINDS},
    }
)
