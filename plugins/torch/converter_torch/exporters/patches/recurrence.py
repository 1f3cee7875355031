"""Recurrent layers and packed sequences as ONNX's operators, at the door through which they leave Python.

    nn.LSTM.forward ─ note the module ─▶ torch's own forward ─▶ torch._VF.lstm ─ replaced ─▶ run_layers ─▶ ONNX LSTM nodes

torch's own `forward` keeps batch_first, unbatched inputs, initial states and the sorting of packed sequences; nothing of it is rewritten.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from converter_torch.exporters.patches.replacing import attributes
from converter_torch.recurrent.cells import CELLS, Cell
from converter_torch.recurrent.layers import run_layers
from converter_torch.recurrent.packing import Packings
from converter_torch.recurrent.weights import Form, LayerWeights, PreparedWeights, arrange

if TYPE_CHECKING:
    from converter_torch.exporters.patches.notes import Notes

_VF = torch._VF
_LAYERS = (nn.LSTM, nn.GRU, nn.RNN)


class Prepared(nn.Module):
    """A module beside the prepared weights of its recurrent layers, so that these become constants of the graph."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        recurrent = [each for each in module.modules() if isinstance(each, _LAYERS)]
        self.weights = nn.ModuleList(PreparedWeights(each) for each in recurrent)
        self._places = {_identity(each): place for place, each in enumerate(recurrent)}

    def forward(self, *tensors: torch.Tensor) -> Any:
        """Return what the module returns."""
        return self.module(*tensors)

    def layers_of(self, module: nn.RNNBase) -> list[LayerWeights] | None:
        """Return the weights of a recurrent layer, None if it is none of this module's."""
        place = self._places.get(_identity(module))
        return None if place is None else self.weights[place].layers()  # type: ignore[operator]


def _identity(module: nn.Module) -> int:
    """Return what a module and the proxies that an export hands out for it have in common: their attributes."""
    return id(vars(module))


@contextlib.contextmanager
def recurrent_operators(module: nn.Module, notes: Notes) -> Iterator[nn.Module]:
    """Replace torch's recurrent functions; gives the module with its prepared weights."""
    prepared = Prepared(module)
    door = _Door(prepared, notes)
    functions = {name: door.standing_in(cell, getattr(torch, name)) for name, cell in CELLS.items()}
    packing = {"_pack_padded_sequence": door.packings.pack, "_pad_packed_sequence": door.packings.pad}
    torch.overrides.get_overridable_functions()  # torch keeps this list of its functions: it is made before they are replaced
    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(_VF, {**functions, **packing}))
        stack.enter_context(attributes(torch, functions))
        for kind in _LAYERS:
            stack.enter_context(attributes(kind, {"forward": door.noting(kind.forward), "check_forward_args": _unchecked}))
        stack.enter_context(_code(nn.utils.rnn.pad_packed_sequence, _pad_packed_sequence))
        yield prepared


@dataclass(frozen=True)
class _Running:
    """A recurrent layer whose forward runs, and whether the caller gave it first states."""

    module: nn.RNNBase
    given_states: bool


class _Door:
    """What runs in place of `torch._VF.lstm` and its kin, with their signatures."""

    def __init__(self, prepared: Prepared, notes: Notes) -> None:
        self.packings = Packings()
        self._prepared = prepared
        self._notes = notes
        self._running: list[_Running] = []

    def noting(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """Return `forward` with a note of the layer that it runs for."""

        @functools.wraps(forward)
        def noted(module: nn.RNNBase, input: Any, hx: Any = None) -> Any:  # noqa: A002 - torch's names
            self._running.append(_Running(module, given_states=hx is not None))
            try:
                return forward(module, input, hx)
            finally:
                self._running.pop()

        return noted

    def standing_in(self, cell: Cell, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what stands in for one of torch's functions."""

        @functools.wraps(function)
        def stand_in(data: torch.Tensor, *arguments: Any) -> tuple[torch.Tensor, ...]:
            self._notes.add(f"{cell.operator} as one operator")
            dense = isinstance(arguments[2], bool)  # a packed sequence has its batch sizes before the states
            return self._dense(cell, data, *arguments) if dense else self._packed(cell, data, *arguments)

        return stand_in

    def _dense(self, cell: Cell, data: torch.Tensor, hx: Any, weights: Sequence[torch.Tensor], *settings: Any) -> tuple[torch.Tensor, ...]:
        *_, batch_first = settings
        layers, states = self._layers(cell, hx, weights, settings)
        output, *ends = run_layers(cell, layers, data.transpose(0, 1) if batch_first else data, states)
        return (output.transpose(0, 1) if batch_first else output, *ends)

    def _packed(
        self, cell: Cell, data: torch.Tensor, batch_sizes: torch.Tensor, hx: Any, weights: Sequence[torch.Tensor], *settings: Any
    ) -> tuple[torch.Tensor, ...]:
        layers, states = self._layers(cell, hx, weights, settings)
        grid = self.packings.grid(batch_sizes)
        output, *ends = run_layers(cell, layers, grid.spread(data), states, grid.lengths.to(torch.int32))
        return (grid.gather(output), *ends)

    def _layers(
        self, cell: Cell, hx: Any, weights: Sequence[torch.Tensor], settings: Sequence[Any]
    ) -> tuple[list[LayerWeights], Sequence[torch.Tensor]]:
        """Return the layers and the first states: of the module that runs, else (a bare call of the function) from its arguments."""
        states = [hx] if isinstance(hx, torch.Tensor) else list(hx)
        running = self._running[-1] if self._running else None
        if running is not None and (layers := self._prepared.layers_of(running.module)):
            return layers, states if running.given_states else []
        biases, count, _dropout, _training, bidirectional = settings[:5]
        projected = cell.states == 2 and states[0].shape[2] != states[1].shape[2]
        return arrange(cell, Form(count, 1 + bidirectional, biases, projected), weights), states


def _unchecked(*_arguments: Any) -> None:
    """Stand in for check_forward_args: the model has run before, and comparing free sizes would fix them."""


def _pad_packed_sequence(sequence: Any, batch_first: bool = False, padding_value: float = 0.0, total_length: Any = None) -> Any:  # noqa: FBT001, FBT002
    """Stand in for torch's function of this name, without its comparison of lengths; runs with that function's globals."""
    padded, lengths = _VF._pad_packed_sequence(sequence.data, sequence.batch_sizes, batch_first, padding_value, total_length)
    order = sequence.unsorted_indices
    return (padded, lengths) if order is None else (padded.index_select(0 if batch_first else 1, order), lengths[order])


@contextlib.contextmanager
def _code(function: Any, other: Any) -> Iterator[None]:
    """Let `function` run the code of `other`, under whatever names it was imported."""
    before = function.__code__
    function.__code__ = other.__code__
    try:
        yield
    finally:
        function.__code__ = before
