"""What a model accepts, found by trying it: which sizes of its free dims, and which values of its integer inputs.

Keras and TensorFlow declare a free dim as None and say no more: a stack of convolutions needs at least 18 pixels, a U-Net multiples of 8,
a table of positions ends at 50. A size is accepted where the model answers with finite values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.plugin import Axis, Dim, Domain, Input, example_sizes
from converter_tensorflow.faces.examples import example_tensors, of_unknown_range
from converter_tensorflow.faces.naming import BATCH, DEFAULT_AXIS
from converter_tensorflow.functions.function import TensorFunction
from converter_tensorflow.tensors import to_array

BASES = (64, 32, 16, 8, 4, 2, 1, 128, 256)  # sizes of all free dims at once; the first accepted one is where the search starts
STEPS = (1, 2, 4, 8, 16, 32)
ROOM = 8  # an axis reaches this many times its smallest size: the host tries three times an example of twice the smallest
MOST = 2**22  # numbers of a batch: TensorFlow holds many times as much while it computes
FEWEST = 3  # sizes of an axis that the proof tries
USUAL_HIGHEST = 9  # what integers of an unknown range are drawn up to


@dataclass(frozen=True)
class Accepted:
    """The inputs, dims that must be equal under one name, and the axes."""

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]


def accepted(function: TensorFunction, given: Mapping[str, Axis]) -> Accepted:
    """Return the function's inputs and every axis that they name; the axes in `given` are taken as they are."""
    inputs = function.declared.inputs
    free = [name for name in _axis_names(inputs) if name not in given and name != BATCH]
    base = _base(_Trial(function, inputs, {BATCH: 1, **example_sizes(given)}), free)
    if base is None:
        return Accepted(inputs, {name: given.get(name) or _usual(inputs, name) for name in _axis_names(inputs)})
    trial = base.tied(_equal_axes(base, free)).checking_shapes()
    found = {name: _axis(trial, name) for name in _axis_names(trial.inputs) if name in free}
    ranged = _with_ranges(trial)
    return Accepted(ranged, {name: given.get(name) or found.get(name) or _usual(ranged, name) for name in _axis_names(ranged)})


def _usual(inputs: Sequence[Input], name: str) -> Axis:
    """The range of an axis of which nothing is known; a batch of large images ends early."""
    if name != BATCH:
        return DEFAULT_AXIS
    largest = max(math.prod(dim for dim in each.dims if isinstance(dim, int)) for each in inputs)
    return replace(DEFAULT_AXIS, high=max(FEWEST, min(DEFAULT_AXIS.high, MOST // max(largest, 1))))


@dataclass(frozen=True)
class _Trial:
    """Calls the function at `sizes`, of which a trial changes some; integers of unknown range are 0 unless told otherwise."""

    function: TensorFunction
    inputs: tuple[Input, ...]
    sizes: Mapping[str, int]
    by_shape: bool = False

    def tied(self, names: Mapping[str, str]) -> _Trial:
        """The same with some axes under another axis's name."""
        return replace(self, inputs=tuple(replace(each, dims=tuple(names.get(str(dim), dim) for dim in each.dims)) for each in self.inputs))

    def checking_shapes(self) -> _Trial:
        """The same, which refuses sizes that leave nothing of a tensor inside; as it is where that check fails at the accepted sizes."""
        checking = replace(self, by_shape=True)
        return checking if checking.answers() else self

    def answers(self, sizes: Mapping[str, int] | None = None, integers: Mapping[str, int] | None = None) -> bool:
        """Tell whether the model answers with values, all of them finite."""
        tensors = example_tensors(self.inputs, {**self.sizes, **(sizes or {})}, integers)
        if self.by_shape and not self.function.fits([tuple(tensor.shape) for tensor in tensors]):
            return False
        try:
            return all(_has_values(to_array(answer)) for answer in self.function(tensors))
        except Exception:  # noqa: BLE001 - a refusal comes as any class: TensorFlow's, Keras's, or the model's own
            return False


def _base(trial: _Trial, free: Sequence[str]) -> _Trial | None:
    """The trial at the first sizes that the model answers at; None where there are none, or nothing is to be found out."""
    if not free and not of_unknown_range(trial.inputs):
        return None
    trials = (replace(trial, sizes={**trial.sizes, **dict.fromkeys(free, size)}) for size in BASES)
    return next((each for each in trials if each.answers()), None)


def _has_values(answer: np.ndarray) -> bool:
    return answer.size > 0 and (answer.dtype.kind in "OSUb" or bool(np.isfinite(answer.astype(np.complex128)).all()))


def _axis_names(inputs: Iterable[Input]) -> list[str]:
    """The axes, in order of appearance; those of a sum are the user's own and given with their ranges."""
    return list(dict.fromkeys(part for each in inputs for dim in each.dims if isinstance(dim, str) for part in _summands(dim)))


def _summands(dim: Dim) -> list[str]:
    return [part.strip() for part in str(dim).split("+") if not part.strip().isdigit()]


def _equal_axes(trial: _Trial, free: Sequence[str]) -> dict[str, str]:
    """Which axes must have the size of an earlier one of their kind: `query_length` that of `length`, where the model refuses another."""
    pairs = {name: kind for name in free for kind in free if name != kind and name.endswith(f"_{kind}")}
    return {name: kind for name, kind in pairs.items() if not trial.answers({name: trial.sizes[name] // 2 or 2})}


def _axis(trial: _Trial, name: str) -> Axis:
    """Return the range around the accepted size, and its step."""

    def accepts(size: int) -> bool:
        return trial.answers({name: size})

    base = trial.sizes[name]
    step = next((step for step in STEPS if accepts(base + step) or (base > step and accepts(base - step))), base)
    low = _furthest(accepts, base, [base - step * count for count in range(1, math.ceil(base / step))])
    wanted = max(DEFAULT_AXIS.high, ROOM * low)
    reached = [base + step * count for count in range(1, (wanted - base) // step + 1)]
    return Axis(low, _furthest(accepts, base, reached) if base < DEFAULT_AXIS.high else max(base, wanted), step)


def _furthest(accepts: Callable[[int], bool], base: int, sizes: Sequence[int]) -> int:
    """Return the last of the sizes, which lead away from an accepted one, that is accepted: the end itself, else by bisection."""
    if not sizes or accepts(sizes[-1]):
        return sizes[-1] if sizes else base
    near, far = -1, len(sizes) - 1  # sizes[near] is accepted, base itself for -1; sizes[far] is not
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if accepts(sizes[middle]) else (near, middle)
    return base if near < 0 else sizes[near]


def _with_ranges(trial: _Trial) -> tuple[Input, ...]:
    """Give integer inputs of unknown range a domain where the model refuses the usual 0 to 9."""
    return tuple(_with_range(trial, each) if each.name in of_unknown_range(trial.inputs) else each for each in trial.inputs)


def _with_range(trial: _Trial, each: Input) -> Input:
    high = _furthest(lambda value: trial.answers(integers={each.name: value}), 0, range(1, USUAL_HIGHEST + 1))
    return replace(each, domain=Domain(0, high)) if high < USUAL_HIGHEST else each
