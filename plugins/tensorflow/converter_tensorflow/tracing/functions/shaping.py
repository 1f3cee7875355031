"""The same elements in other shapes and orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from converter.writing import Value, side_by_side
from converter_tensorflow.tracing.operands import is_traced, traced
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import dims_of, ints, length
from converter_tensorflow.tracing.traced import Shape, Traced, computed


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


@function("nn.depth_to_space")
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Traced:
    """Blocks of channels as squares of pixels."""
    batch, rows, columns, channels = _channels_last(x, data_format)
    dims: Shape = (batch, _times(rows, block_size), _times(columns, block_size), None if channels is None else channels // block_size**2)
    return Traced(traced(x).first.node("DepthToSpace", blocksize=block_size), dims, first=True)


@function("nn.space_to_depth")
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Traced:
    """Squares of pixels as blocks of channels."""
    batch, *pixels, channels = _channels_last(x, data_format)
    dims: Shape = (batch, *(None if dim is None else dim // block_size for dim in pixels), _times(channels, block_size**2))
    return Traced(traced(x).first.node("SpaceToDepth", blocksize=block_size), dims, first=True)


def _channels_last(x: Any, data_format: str) -> Shape:
    if data_format != "channels_last":
        raise Inexpressible("channels first")
    return traced(x).shape


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
