"""The same elements in other shapes and orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.writing import Value, side_by_side
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import dims_of, ints, joined, length, size
from converter_tensorflow.tracing.traced import Shape, Traced, common_dtype, computed, is_traced, shape_of, traced, value_of


@function("core.shape")
def shape(x: Any) -> tuple[Any, ...]:
    """Numbers where they are known, traced sizes, int32, where not."""
    found = traced(x)
    return tuple(_traced_size(found, axis) if dim is None else dim for axis, dim in enumerate(found.shape))


def _traced_size(x: Traced, axis: int) -> Traced:
    wide = length(x.value, axis).reshaped()
    found = Traced(wide.cast("int32"), ())
    found.wide = wide
    found.size_of = x, axis
    return found


@function("numpy.size")
def size_of(x: Any) -> Any:
    """How many elements it has."""
    found = traced(x)
    if None in found.shape:
        return Traced(found.value.node("Size", dtype="int64").cast("int32"), ())
    return math.prod(dim for dim in found.shape if dim is not None)


@function("numpy.ndim")
def ndim(x: Any) -> int:
    """How many axes it has."""
    return traced(x).ndim


@function("numpy.reshape")
def reshape(x: Any, newshape: Any) -> Traced:
    """Another shape; one dim of -1 is what is left."""
    found = traced(x)
    known = dims_of(newshape)[1]
    dims = newshape if isinstance(newshape, list | tuple) or (is_traced(newshape) and newshape.shape) else [newshape]
    if None not in found.shape and known.count(None) == 1:
        left = math.prod(dim for dim in known if dim is not None)
        known = tuple(math.prod(dim for dim in found.shape if dim is not None) // max(1, left) if dim is None else dim for dim in known)
    if 0 in known or is_traced(dims):
        return Traced(found.value.node("Reshape", dims_of(newshape)[0], allowzero=1), known)
    told = [_told(found, place, dim) for place, dim in enumerate(dims)]
    if sum(is_traced(dim) for dim in told) == 1 and -1 not in [dim for dim in told if not is_traced(dim)]:
        told = [-1 if is_traced(dim) else dim for dim in told]
    if len(known) > 2 and set(known[1:-1]) == {1}:  # one pixel: both orders of its axes are the same
        return Traced(found.value.node("Reshape", dims_of([told[0], told[-1], *told[1:-1]])[0]), known, first=True)
    return Traced(found.value.node("Reshape", dims_of(told)[0]), known)


def _told(x: Traced, place: int, dim: Any) -> Any:
    """A dim as ONNX's Reshape takes it: 0 where it is the size of the same axis as before."""
    same = is_traced(dim) and dim.size_of is not None and dim.size_of[0] is x and dim.size_of[1] == place
    return 0 if same else dim


@function("numpy.ravel")
def ravel(x: Any) -> Traced:
    """One axis."""
    return reshape(x, (-1,))


@function("numpy.transpose")
def transpose(x: Any, axes: Sequence[int] | None = None) -> Traced:
    """Its axes in another order, the reverse one by default."""
    found = traced(x)
    rank = found.ndim
    order = list(range(rank))[::-1] if axes is None else [int(axis) % rank for axis in axes]
    if order == list(range(rank)):
        return found
    dims = tuple(found.shape[axis] for axis in order)
    if rank > 2 and order == [0, rank - 1, *range(1, rank - 1)]:
        return Traced(found.first, dims)
    if rank > 2 and order == [0, *range(2, rank), 1]:
        return Traced(found.value, dims, first=True)
    return Traced(found.value.transposed(*order), dims)


@function("numpy.swapaxes")
def swapaxes(x: Any, axis1: int, axis2: int) -> Traced:
    """Two of its axes exchanged."""
    order = list(range(traced(x).ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


@function("numpy.moveaxis")
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Traced:
    """Some of its axes at other places, the others in their order."""
    rank = traced(x).ndim
    sources, places = ([int(axis) % rank for axis in np.atleast_1d(each)] for each in (source, destination))
    order = [axis for axis in range(rank) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


@function("numpy.expand_dims")
def expand_dims(x: Any, axis: int | Sequence[int]) -> Traced:
    """More axes, of length 1."""
    found = traced(x)
    axes = [int(each) for each in np.atleast_1d(axis)]
    places = sorted(each % (found.ndim + len(axes)) for each in axes)
    dims = list(found.shape)
    for place in places:
        dims.insert(place, 1)
    return Traced(found.value.node("Unsqueeze", ints(*places)), dims)


@function("numpy.squeeze")
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Traced:
    """Without axes of length 1."""
    found = traced(x)
    if axis is None and None in found.shape:
        raise Inexpressible("the axes to squeeze depend on the sizes")
    axes = [place for place, dim in enumerate(found.shape) if dim == 1] if axis is None else [int(each) % found.ndim for each in np.atleast_1d(axis)]
    if not axes:
        return found
    return Traced(found.value.node("Squeeze", ints(*axes)), [dim for place, dim in enumerate(found.shape) if place not in axes])


@function("numpy.broadcast_to")
def broadcast_to(x: Any, shape: Any) -> Traced:
    """Repeated along axes of length 1."""
    dims, known = dims_of(shape)
    found = traced(x)
    return Traced(computed(lambda v: v.node("Expand", dims), found.value), known)


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


@function("numpy.split", "numpy.array_split")
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


@function("numpy.flip")
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Traced:
    """In reverse along axes, all of them by default."""
    found = traced(x)
    for each in range(found.ndim) if axis is None else np.atleast_1d(axis):
        found = reverse(found, int(each) % found.ndim)
    return found


def reverse(x: Traced, axis: int) -> Traced:
    """Return it in reverse along an axis; what was reversed before is what it was."""
    if x.reversed is not None and x.reversed[0] == axis:
        return x.reversed[1]
    ends = np.iinfo(np.int64)
    value = x.value.node("Slice", ints(ends.max), ints(ends.min), ints(axis), ints(-1))
    found = Traced(value, x.shape)
    found.reversed = axis, x
    return found


@function("numpy.roll")
def roll(x: Any, shift: Any, axis: Any = None) -> Traced:
    """Shifted along axes, and in again at the other end."""
    found = traced(x)
    if axis is None:
        return Traced(roll(ravel(found), shift, 0).value.node("Reshape", found.value.node("Shape", dtype="int64")), found.shape)
    value = found.value
    for step, along in zip(np.broadcast_to(shift, np.shape(axis)).ravel(), np.ravel(axis), strict=True):
        value = _rolled(value, int(step), int(along) % found.ndim)
    return Traced(value, found.shape)


def _rolled(value: Value, step: int, axis: int) -> Value:
    count = length(value, axis)
    cut = count - ((count * 0 + step).node("Mod", count.node("Max", ints(1))))
    ends = ints(np.iinfo(np.int64).max)
    tail, head = value.node("Slice", cut, ends, ints(axis)), value.node("Slice", ints(0), cut, ints(axis))
    return side_by_side([tail, head], axis)


_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge"}


@function("numpy.pad")
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Traced:
    """More elements around it: one value, or its own mirrored at the edge."""
    found = traced(x)
    widths = [(int(before), int(after)) for before, after in np.broadcast_to(pad_width, (found.ndim, 2))]
    dims = [None if dim is None else dim + before + after for dim, (before, after) in zip(found.shape, widths, strict=True)]
    if mode == "symmetric":
        return _symmetric(found, widths)
    if mode not in _MODES:
        raise Inexpressible(f"padding mode {mode}")
    order = [0, found.ndim - 1, *range(1, found.ndim - 1)] if found.is_first else list(range(found.ndim))
    pads = ints(*(widths[axis][0] for axis in order), *(widths[axis][1] for axis in order))
    value = found.first if found.is_first else found.value
    if mode == "constant":
        if is_traced(constant_values):
            raise Inexpressible("a computed value to pad with")
        filled = value_of(0 if constant_values is None else constant_values, found.dtype)
        return Traced(computed(lambda v, fill: v.node("Pad", pads, fill), value, filled), dims, first=found.is_first)
    return Traced(computed(lambda v: v.node("Pad", pads, mode=_MODES[mode]), value), dims, first=found.is_first)


def _symmetric(x: Traced, widths: Sequence[tuple[int, int]]) -> Traced:
    """Mirrored with the edge itself: slices of it in reverse."""
    found = x
    for axis, (before, after) in enumerate(widths):
        lead = (slice(None),) * axis
        head = [reverse(found[(*lead, slice(0, before))], axis)] if before else []
        tail = [reverse(found[(*lead, slice(-after, None))], axis)] if after else []
        found = concatenate([*head, found, *tail], axis)
    return found


@function("nn.depth_to_space")
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Traced:
    """Blocks of channels as squares of pixels."""
    found = traced(x)
    if data_format != "channels_last":
        raise Inexpressible("channels first")
    rows, columns, channels = found.shape[1:]
    value = found.first.node("DepthToSpace", blocksize=block_size)
    dims: Shape = (found.shape[0], _times(rows, block_size), _times(columns, block_size), None if channels is None else channels // block_size**2)
    return Traced(value, dims, first=True)


@function("nn.space_to_depth")
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Traced:
    """Squares of pixels as blocks of channels."""
    found = traced(x)
    if data_format != "channels_last":
        raise Inexpressible("channels first")
    rows, columns, channels = found.shape[1:]
    value = found.first.node("SpaceToDepth", blocksize=block_size)
    divided = [None if dim is None else dim // block_size for dim in (rows, columns)]
    return Traced(value, (found.shape[0], *divided, _times(channels, block_size**2)), first=True)


def _times(dim: int | None, factor: int) -> int | None:
    return None if dim is None else dim * factor


@function("numpy.rot90")
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turned by right angles."""
    first, second = (axis % traced(array).ndim for axis in axes)
    turns = k % 4
    if turns == 0:
        return traced(array)
    if turns == 2:
        return flip(flip(array, first), second)
    if turns == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second)


@function("numpy.tril")
def tril(x: Any, k: int = 0) -> Traced:
    """0 above a diagonal."""
    return _triangle(traced(x), k, upper=0)


@function("numpy.triu")
def triu(x: Any, k: int = 0) -> Traced:
    """0 below a diagonal."""
    return _triangle(traced(x), k, upper=1)


def _triangle(x: Traced, k: int, upper: int) -> Traced:
    if x.dtype == "bool":
        return Traced(x.cast("int32").value.node("Trilu", scalar(k), upper=upper).cast("bool"), x.shape)
    return Traced(computed(lambda v: v.node("Trilu", scalar(k), upper=upper), x.value), x.shape)


def scalar(number: int) -> Value:
    """Return a constant int64 of no axis."""
    return ints(number).reshaped()
