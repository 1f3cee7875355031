"""Inputs proposed for a module that came without: found in its layers and in its forward's signature, kept only where running it proves them.

    layouts of its layers ─▶ the first at which it runs ─▶ rows apart? does the input matter? ─▶ which sizes each axis takes ─▶ inputs and axes

A proposal is shown to the user as the `--input` that it stands for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import numpy as np
import torch
from torch import nn

from converter.plugin import Axis, ConverterError, Input, example_sizes, format_input
from converter_torch.proposing.entrances import BATCH, LENGTH, Layout, layouts, usual_sizes
from converter_torch.proposing.probing import axis_around, first_size
from converter_torch.signature.binding import bind, required
from converter_torch.signature.flat import Flat, device_of, evaluating
from converter_torch.tensors import to_tensor

ROWS = 3
SIZES = (32, 64, 28, 24, 48, 96, 112, 128, 160, 224, 256, 299, 320, 384, 512, 1024, 4096, 16000)
LENGTHS = (8, 16, *SIZES)
TRIES = 400  # runs that a search may take
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Proposal:
    """Inputs and their axes, as they were found."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]

    @property
    def line(self) -> str:
        """The options that stand for it."""
        return " ".join(f"--input '{format_input(each, self.axes)}'" for each in self.inputs)


def propose(module: nn.Module, signature: Signature, constants: Mapping[str, Any]) -> Proposal | None:
    """Return inputs at which the module runs, rows apart; None where none are found."""
    names = _parameters(module, signature, constants)
    known = layouts(module)
    if not names or not known:
        return None
    trial = Trial(module, signature, constants)
    spaces = [*usual_sizes(module), *SIZES]
    for chosen in _combinations(names, known):
        inputs = tuple(layout.named(name) for name, layout in zip(names, chosen, strict=True))
        axes = [axis for axis in dict.fromkeys(dim for each in inputs for dim in each.dims if isinstance(dim, str)) if axis != BATCH]
        wanted = LENGTHS if axes == [LENGTH] else spaces if axes else [1]
        sizes = first_size(partial(trial.runs, inputs), axes, wanted, {BATCH: ROWS})
        found = _freed(trial, inputs, sizes, axes) if sizes is not None and trial.is_sound(inputs, sizes) else None
        if found is not None or trial.spent > TRIES:
            return found
    return None


class Trial:
    """Runs of a module on drawn inputs; whatever it raises tells that it does not take them."""

    def __init__(self, module: nn.Module, signature: Signature, constants: Mapping[str, Any]) -> None:
        self.module, self.signature, self.constants = module, signature, constants
        self.spent = 0

    def runs(self, inputs: Sequence[Input], sizes: Mapping[str, int]) -> bool:
        """Tell whether it runs at these sizes and gives something."""
        return self.outputs(inputs, self.feeds(inputs, sizes)) is not None

    def is_sound(self, inputs: Sequence[Input], sizes: Mapping[str, int]) -> bool:
        """Tell whether rows of the batch do not mix, and the first input moves the output."""
        feeds = self.feeds(inputs, sizes)
        all_rows = self.outputs(inputs, feeds)
        one_row = self.outputs(inputs, [_row(feed, each) for feed, each in zip(feeds, inputs, strict=True)])
        if all_rows is None or one_row is None or len(all_rows) != len(one_row):
            return False
        if not all(_is_row(whole, row) for whole, row in zip(all_rows, one_row, strict=True)):
            return False
        moved = self.outputs(inputs, [self.feeds(inputs, sizes, seed=1)[0], *feeds[1:]])
        return moved is not None and any(not _close(new, old) for new, old in zip(moved, all_rows, strict=False))

    def feeds(self, inputs: Sequence[Input], sizes: Mapping[str, int], seed: int = 0) -> list[torch.Tensor]:
        """Draw a tensor for each input."""
        rng = np.random.default_rng(seed)
        return [to_tensor(each.draw(rng, sizes), device_of(self.module)) for each in inputs]

    def outputs(self, inputs: Sequence[Input], feeds: Sequence[torch.Tensor]) -> list[torch.Tensor] | None:
        """Return what the module gives; None where it raises, gives nothing, or NaN."""
        self.spent += 1
        try:
            flat = Flat(self.module, bind(self.signature, [each.name for each in inputs], self.constants))
            with evaluating(flat), torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                found = [each.detach() for each in flat(*(feed.clone() for feed in feeds))]
        except (ConverterError, Exception):  # noqa: BLE001 - what a module raises on what it does not take is its own affair
            return None
        usable = bool(found) and all(each.numel() and not (each.is_floating_point() and bool(each.isnan().any())) for each in found)
        return found if usable else None


def _parameters(module: nn.Module, signature: Signature, constants: Mapping[str, Any]) -> list[str]:
    """Return the parameters that want an input: those without a default, else the main one."""
    names = [name for name in required(signature) if name not in constants]
    if names:
        return names
    main = getattr(module, "main_input_name", None)
    if isinstance(main, str) and main in signature.parameters:
        return [main]
    return [name for name, each in signature.parameters.items() if each.kind in _POSITIONAL and name not in constants][:1]


def _combinations(names: Sequence[str], known: Sequence[Layout]) -> Iterator[tuple[Layout, ...]]:
    """Give a layout for each parameter: the same for all first."""
    choices = [_for_name(name, known) for name in names]
    for first in choices[0]:
        rest = [sorted(each, key=lambda layout: layout != first) for each in choices[1:]]
        yield from ((first, *others) for others in itertools.product(*rest))


def _for_name(name: str, known: Sequence[Layout]) -> list[Layout]:
    """Return the layouts that a parameter's name speaks for; all where it says nothing."""
    if re.search(r"len(gth)?s?$|_lens?$|lengths", name):
        return [Layout("int64", (BATCH,), high=_SHORTEST, low=1)]
    if "mask" in name:
        return [Layout(dtype, (BATCH, LENGTH), high=1) for dtype in ("bool", "int64", "float32")]
    integers = [layout for layout in known if layout.high is not None]
    if re.search(r"(^|_)(ids?|tokens?|index|indices)$", name) and integers:
        return integers
    return list(known)


_SHORTEST = 4  # of a sequence with lengths, which are drawn from 1 to it


def _freed(trial: Trial, inputs: tuple[Input, ...], sizes: Mapping[str, int], names: Sequence[str]) -> Proposal | None:
    """Return the proposal with every axis as free as the module lets it be; None where it does not hold at sizes of all axes together."""
    found = {name: axis_around(partial(trial.runs, inputs), name, sizes) for name in names}
    fixed = {name: sizes[name] for name, axis in found.items() if axis is None}
    inputs = tuple(replace(each, dims=tuple(fixed.get(str(dim), dim) for dim in each.dims)) for each in inputs)
    axes = {BATCH: Axis(), **{name: axis for name, axis in found.items() if axis is not None}}
    if any(each.domain.high == _SHORTEST and each.dims == (BATCH,) for each in inputs) and LENGTH in axes:
        axes[LENGTH] = replace(axes[LENGTH], low=max(_SHORTEST, axes[LENGTH].low))
    together = [example_sizes(axes), {name: axis.low for name, axis in axes.items()}, {**{name: axis.high for name, axis in axes.items()}, BATCH: 1}]
    if all(trial.runs(inputs, at) for at in together) and trial.is_sound(inputs, {**together[0], BATCH: ROWS}):
        return Proposal(inputs, axes)
    return None


def _row(feed: torch.Tensor, each: Input) -> torch.Tensor:
    return feed.narrow(each.dims.index(BATCH), 1, 1) if BATCH in each.dims else feed


def _is_row(whole: torch.Tensor, row: torch.Tensor) -> bool:
    """Tell whether the middle one of `ROWS` rows is `row`, whichever axis the rows lie along; or both are the same and know no rows."""
    if whole.shape == row.shape:
        return _close(whole, row)
    if whole.ndim != row.ndim:
        return False
    differing = [place for place in range(whole.ndim) if whole.shape[place] != row.shape[place]]
    if len(differing) != 1 or whole.shape[differing[0]] != ROWS * row.shape[differing[0]]:
        return False
    place, length = differing[0], row.shape[differing[0]]
    return _close(whole.narrow(place, length, length), row) or _close(
        whole.reshape(*whole.shape[:place], length, ROWS, *whole.shape[place + 1 :]).select(place + 1, 1), row
    )


def _close(first: torch.Tensor, second: torch.Tensor) -> bool:
    if first.shape != second.shape:
        return False
    if not (first.is_floating_point() or first.is_complex()):
        return torch.equal(first, second)
    coarse = first.dtype in {torch.float16, torch.bfloat16}
    scale = float(second.abs().max()) or 1.0
    return torch.allclose(first.to(torch.complex128), second.to(torch.complex128), rtol=0, atol=(3e-2 if coarse else 1e-4) * scale, equal_nan=True)
