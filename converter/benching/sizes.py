"""Which sizes a graph is measured at: every combination of the axes' sizes, each from somewhere that can be told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from converter.errors import UnknownName, UsageError
from converter.images import ImagePreparation
from converter.specs import Axis, Input, ModelSpec

BATCHES = (1, 8, 64)
ASSUMED = 64  # of an axis that nothing is known of
_BATCH_NAMES = frozenset({"batch", "batch_size", "batchsize", "bs", "n", "rows"})

Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Choice:
    """The sizes of one axis, and why these."""

    axis: str
    sizes: tuple[int, ...]
    why: str


def parse_sizes(given: Mapping[str, str | int | Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Return the sizes of each axis from texts `1,8,64`, numbers or sequences of them; raises UsageError for anything but positive whole numbers."""
    return {axis: _parse(axis, sizes) for axis, sizes in given.items()}


def _parse(axis: str, given: str | int | Sequence[int]) -> tuple[int, ...]:
    parts = given.split(",") if isinstance(given, str) else [given] if isinstance(given, int) else list(given)
    sizes = [int(part) if str(part).strip().isascii() and str(part).strip().isdigit() else 0 for part in parts]
    if not sizes or min(sizes) < 1:
        shown = given if isinstance(given, str) else ",".join(map(str, parts))
        raise UsageError(f"the sizes of axis '{axis}' are '{shown}'", hint=f"positive whole numbers: --sizes {axis}=1,8,64")
    return tuple(dict.fromkeys(sizes))


def batch_axis(spec: ModelSpec) -> str | None:
    """Return the axis that counts items: one that is called so, else the one that every input begins with; None where there is neither."""
    for axis in spec.axes:
        if axis.lower() in _BATCH_NAMES:
            return axis
    first = {each.dims[0] for each in spec.inputs if each.dims}
    only = str(next(iter(first))) if len(first) == 1 else ""
    return only if only in spec.axes else None


def choose(spec: ModelSpec, given: Mapping[str, tuple[int, ...]], fixed: Sizes) -> tuple[Choice, ...]:
    """Return the sizes of every axis: those given, the data's (`fixed`), for the batch 1, 8 and 64, else one that the model or the graph tells.

    Raises UnknownName for an axis that there is not, UsageError for one that the data fixes.
    """
    for axis, sizes in given.items():
        if axis not in spec.axes:
            raise UnknownName("axis", axis, list(spec.axes))
        if axis in fixed and sizes != (fixed[axis],):
            raise UsageError(f"axis '{axis}' cannot have another size than that of the data, {fixed[axis]}", hint="leave out --sizes or --data")
    batch = batch_axis(spec)
    return tuple(_choose_one(name, axis, given.get(name), fixed.get(name), spec, is_batch=name == batch) for name, axis in spec.axes.items())


def _choose_one(name: str, axis: Axis, given: tuple[int, ...] | None, fixed: int | None, spec: ModelSpec, *, is_batch: bool) -> Choice:
    if given is not None:
        return Choice(name, given, "as given")
    if fixed is not None:
        return Choice(name, (fixed,), "the data's")
    if is_batch:
        return Choice(name, tuple(dict.fromkeys(axis.nearest(size) for size in BATCHES)), "by default")
    if axis.usual:
        return Choice(name, (axis.nearest(axis.usual),), "what the model is made for")
    if (prepared := _prepared(spec).get(name)) is not None:
        return Choice(name, (prepared,), "what images are prepared to")
    if proven := _proven(spec).get(name):
        return Choice(name, (max(proven),), "the largest that was proven")
    return Choice(name, (axis.nearest(ASSUMED),), "assumed")


def _prepared(spec: ModelSpec) -> dict[str, int]:
    """The sizes that the graph's own preparation of images leads to."""
    preparation = ImagePreparation.from_metadata(spec.metadata)
    dims = next((each.dims for each in spec.inputs if preparation is not None and each.name == preparation.input and len(each.dims) == 4), None)
    if preparation is None or dims is None:
        return {}
    return {str(dims[2]): preparation.height, str(dims[3]): preparation.width}


def _proven(spec: ModelSpec) -> dict[str, list[int]]:
    """The sizes that the graph was proven at, as its conversion noted them."""
    found: dict[str, list[int]] = json.loads(spec.metadata.get("converter.sizes", "{}"))
    return found


def combinations(choices: Sequence[Choice]) -> list[dict[str, int]]:
    """Return every combination of the sizes; one empty one where there are no axes."""
    return [dict(zip([choice.axis for choice in choices], sizes, strict=True)) for sizes in itertools.product(*(choice.sizes for choice in choices))]


def title(sizes: Sizes) -> str:
    """Return sizes as a person says them: "batch 8, width 100"."""
    return ", ".join(f"{axis} {size}" for axis, size in sizes.items()) or "fixed sizes"


def with_batch(inputs: Sequence[Input], feeds: Mapping[str, np.ndarray], axis: str, size: int) -> dict[str, np.ndarray]:
    """Return feeds of another batch size, their items repeated from the start or cut off."""
    places = {each.name: each.dims.index(axis) for each in inputs if axis in each.dims}
    return {name: np.take(feed, np.arange(size) % feed.shape[places[name]], places[name]) if name in places else feed for name, feed in feeds.items()}


def items(spec: ModelSpec, sizes: Sizes) -> int:
    """Return how many items one call is: the size of the batch axis, else the fixed first dim that all inputs share, else 1."""
    batch = batch_axis(spec)
    if batch is not None:
        return sizes[batch]
    first = {each.dims[0] for each in spec.inputs if each.dims}
    only = next(iter(first)) if len(first) == 1 else 1
    return only if isinstance(only, int) else 1
