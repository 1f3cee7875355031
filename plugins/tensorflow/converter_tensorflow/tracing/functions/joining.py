"""Tensors side by side, apart, and several times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.writing import side_by_side
from converter_tensorflow.tracing.functions.shaping import expand_dims, ravel
from converter_tensorflow.tracing.operands import common_dtype, is_traced, shape_of, traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import dims_of, ints, joined, size
from converter_tensorflow.tracing.traced import Traced


@function("numpy.concatenate")
def concatenate(xs: Sequence[Any], axis: int = 0) -> Traced:
    """One behind the other along an axis."""
    dtype = _dtype(xs)
    parts = [traced(each, dtype) for each in xs]
    rank = parts[0].ndim
    along = int(axis) % rank
    dims = [_known([part.shape[place] for part in parts]) for place in range(rank)]
    lengths = [part.shape[along] for part in parts]
    dims[along] = None if None in lengths else sum(dim for dim in lengths if dim is not None)
    if along and all(part.is_first for part in parts):
        return Traced(side_by_side([part.first for part in parts], 1 if along == rank - 1 else along + 1), dims, first=True)
    return Traced(side_by_side([part.value for part in parts], along), dims)


@function("numpy.stack")
def stack(x: Sequence[Any], axis: int = 0) -> Traced:
    """Side by side along an axis of their own."""
    dtype = _dtype(list(x))
    parts = [traced(each, dtype) for each in x]
    return concatenate([expand_dims(part, axis) for part in parts], axis)


def _dtype(things: Sequence[Any]) -> str:
    return "string" if any(getattr(each, "dtype", "") == "string" for each in things) else common_dtype(*things)


def _known(dims: Sequence[int | None]) -> int | None:
    return next((dim for dim in dims if dim is not None), None)


@function("numpy.append")
def append(x1: Any, x2: Any, axis: int | None = None) -> Traced:
    """The second behind the first."""
    return concatenate([ravel(x1), ravel(x2)]) if axis is None else concatenate([x1, x2], axis)


@function("numpy.hstack")
def hstack(xs: Sequence[Any]) -> Traced:
    """Side by side along the second axis, the first of vectors."""
    return concatenate(xs, 0 if len(shape_of(xs[0])) == 1 else 1)


@function("numpy.vstack")
def vstack(xs: Sequence[Any]) -> Traced:
    """One below the other, vectors as rows."""
    return concatenate([expand_dims(each, 0) if len(shape_of(each)) == 1 else each for each in xs], 0)


@function("numpy.array_split")
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis; where their number does not divide it, the first ones are longer by one."""
    whole = traced(x).shape[int(axis) % traced(x).ndim]
    if not isinstance(indices_or_sections, int) or whole is None:
        return split(x, indices_or_sections, axis)
    lengths = [whole // indices_or_sections + (place < whole % indices_or_sections) for place in range(indices_or_sections)]
    return split(x, np.cumsum(lengths)[:-1], axis)


@function("numpy.split")
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, of one length or between places."""
    found = traced(x)
    along = int(axis) % found.ndim
    whole = found.shape[along]
    if isinstance(indices_or_sections, int):
        if whole is None or whole % indices_or_sections:
            raise Inexpressible("parts of an axis whose length they may not divide")
        cuts = list(range(whole // indices_or_sections, whole, whole // indices_or_sections))
    else:
        cuts = [int(each) for each in indices_or_sections]
    return [_part(found, along, first, stop) for first, stop in zip([0, *cuts], [*cuts, None], strict=True)]


def _part(x: Traced, axis: int, first: int, stop: int | None) -> Any:
    return x[(slice(None),) * axis + (slice(first, stop),)]


@function("core.unstack")
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Its parts along an axis, without it."""
    found = traced(x)
    along = int(axis) % found.ndim
    count = found.shape[along] if num is None else num
    if count is None:
        raise Inexpressible("the parts of a free axis")
    return [found[(slice(None),) * along + (place,)] for place in range(count)]


@function("numpy.tile")
def tile(x: Any, repeats: Any) -> Traced:
    """Itself, so many times along each axis."""
    found = traced(x)
    counts = [repeats] if isinstance(repeats, int) or (is_traced(repeats) and not repeats.shape) else list(repeats)
    counts = [1] * (found.ndim - len(counts)) + counts
    while found.ndim < len(counts):
        found = expand_dims(found, 0)
    dims, known = dims_of(counts)
    return Traced(
        found.value.node("Tile", dims),
        [None if dim is None or count is None else dim * count for dim, count in zip(found.shape, known, strict=True)],
    )


@function("numpy.repeat")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Traced:
    """Each element so many times."""
    found = ravel(x) if axis is None else traced(x)
    along = (axis or 0) % found.ndim
    if not isinstance(repeats, int | np.integer):
        if np.size(repeats) != 1 or is_traced(repeats):
            raise Inexpressible("other numbers of repeats for each element")
        repeats = np.ravel(repeats)[0]
    times = int(repeats)
    wide = found.value.node("Unsqueeze", ints(along + 1))
    copies = wide.node("Tile", ints(*[times if place == along + 1 else 1 for place in range(found.ndim + 1)]))
    dims = joined([size(found, place) * (times if place == along else 1) for place in range(found.ndim)])
    known = [dim if dim is None or place != along else dim * times for place, dim in enumerate(found.shape)]
    return Traced(copies.node("Reshape", dims), known)
