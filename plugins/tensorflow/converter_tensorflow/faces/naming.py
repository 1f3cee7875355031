"""Readable names: of nested values by their path, of free dims by what they usually are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from converter.plugin import Axis, Dim

BATCH = "batch"
AUTOMATIC = re.compile(r"keras_tensor(_\d+)?")  # what Keras calls an input without a name
_SPATIAL = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
DEFAULT_AXIS = Axis(1, 64)


def joined(path: Iterable[Any]) -> str:
    """Return the name of a nested value: `state.h`, `past.0.key`."""
    return ".".join(str(part) for part in path)


def unique(names: Iterable[str], others: Iterable[str] = ()) -> list[str]:
    """Return the names, those that are taken, by an earlier one or by `others`, with a number: lstm, lstm_1, lstm_2."""
    taken = list(others)
    first = len(taken)
    for name in names:
        candidates = [name, *(f"{name}_{number}" for number in range(1, len(taken) + 1))]
        taken.append(next(each for each in candidates if each not in taken))
    return taken[first:]


def output_names(paths: Iterable[tuple[Any, ...]], inputs: Iterable[str]) -> list[str]:
    """Return the names of outputs that only have a path: `output` for the only one, `output_0` in a list, the keys of a dict."""
    names = [joined(path) or "output" for path in paths]
    return unique((f"output_{name}" if name[0].isdigit() else name for name in names), inputs)


def dims_of(shapes: Sequence[tuple[str, Sequence[int | None]]]) -> list[tuple[Dim, ...]]:
    """Return the dims of each (input name, shape): the batch is shared, other free dims are each input's own.

    The first input that has a length calls it `length`, the next one `query_length` after its own name.
    """
    taken: set[str] = set()
    found: list[tuple[Dim, ...]] = []
    for name, shape in shapes:
        prefix = re.sub(r"\W", "_", name)
        names = [axis if axis == BATCH or axis not in taken else f"{prefix}_{axis}" for axis in _axes(shape)]
        dims = tuple(axis if dim is None else dim for axis, dim in zip(names, shape, strict=True))
        taken.update(dim for dim in dims if isinstance(dim, str))
        found.append(dims)
    return found


def _axes(shape: Sequence[int | None]) -> list[str]:
    """What each dim of a tensor usually is: [batch, spatial dims, channels], or channels first where only that fits."""
    rank = len(shape)
    channels_first = rank > 2 and shape[-1] is None and shape[1] is not None
    channels = 1 if channels_first else rank - 1 if rank > 2 else -1
    spatial = [position for position in range(1, rank) if position != channels]
    names = _SPATIAL.get(len(spatial), tuple(f"dim_{position}" for position in spatial))
    known = {0: BATCH, channels: "channels", **dict(zip(spatial, names, strict=True))}
    return [known[position] for position in range(rank)]
