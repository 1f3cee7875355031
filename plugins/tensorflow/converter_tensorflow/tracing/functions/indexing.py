"""Elements by their places."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter.writing import Value, side_by_side
from converter_tensorflow.tracing.functions.shaping import expand_dims, moveaxis, ravel, reverse
from converter_tensorflow.tracing.operands import broadcast, common_dtype, is_traced, shape_of, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.sizes import counted, dims_of, ints, joined, size
from converter_tensorflow.tracing.traced import Traced, computed

_END = np.iinfo(np.int64).max


def getitem(x: Traced, places: Any) -> Traced:
    """Return `x[places]`: numbers, slices, `...`, None, and one array or tensor of places.

    Raises Inexpressible for masks and several arrays of places.
    """
    keys = _without_ellipsis(places if isinstance(places, tuple) else (places,), x.ndim)
    found, axis = x, 0
    for key in keys:
        if key is None:
            found = expand_dims(found, axis)
            axis += 1
        elif isinstance(key, slice):
            found = sliced(found, axis, key)
            axis += 1
        elif isinstance(key, int | np.integer):
            found = _picked(found, axis, int(key))
        else:
            found = _gathered(found, axis, key, sum(not isinstance(each, slice | int | None) for each in keys))
            axis += len(shape_of(key))
    return found


def _without_ellipsis(keys: tuple[Any, ...], rank: int) -> list[Any]:
    used = sum(key is not None and key is not Ellipsis for key in keys)
    if used > rank:
        raise Inexpressible("more places than axes")
    dots = [place for place, key in enumerate(keys) if key is Ellipsis]
    at = dots[0] if dots else len(keys)
    return [*keys[:at], *[slice(None)] * (rank - used), *keys[at + 1 :]]


def sliced(x: Traced, axis: int, key: slice) -> Traced:
    """Return a part along an axis; its ends may be traced sizes."""
    if key == slice(None):
        return x
    step = 1 if key.step is None else int(key.step)
    if step == -1 and key.start is None and key.stop is None:
        return reverse(x, axis)
    first = (0 if step > 0 else _END) if key.start is None else key.start
    stop = (_END if step > 0 else -_END) if key.stop is None else key.stop
    whole = x.shape[axis]
    known = None if whole is None or is_traced(first) or is_traced(stop) else len(range(*slice(key.start, key.stop, step).indices(whole)))
    starts, stops = dims_of([first])[0], dims_of([stop])[0]
    dims = [known if place == axis else dim for place, dim in enumerate(x.shape)]
    return Traced(x.value.node("Slice", starts, stops, ints(axis), ints(step)), dims)


def _picked(x: Traced, axis: int, place: int) -> Traced:
    return Traced(x.value.node("Gather", ints(place).reshaped(), axis=axis), x.shape[:axis] + x.shape[axis + 1 :])


def _gathered(x: Traced, axis: int, places: Any, arrays: int) -> Traced:
    if arrays > 1 or traced(places).dtype == "bool":
        raise Inexpressible("several arrays of places, or a mask")
    return Traced(x.value.node("Gather", value_of(places, "int64"), axis=axis), x.shape[:axis] + shape_of(places) + x.shape[axis + 1 :])


@function("numpy.take")
def take(x: Any, indices: Any, axis: int | None = None) -> Traced:
    """Parts along an axis by their places."""
    found = ravel(x) if axis is None else traced(x)
    along = (0 if axis is None else int(axis)) % found.ndim
    places = traced(indices)
    if places.dtype.startswith(("float", "bfloat")):
        places = places.cast("int64")
    dims = found.shape[:along] + places.shape + found.shape[along + 1 :]
    return Traced(
        found.value.node("Gather", places.cast("int64").value if places.dtype not in ("int32", "int64") else places.value, axis=along), dims
    )


@function("numpy.take_along_axis")
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Traced:
    """In each row the elements at the places of that row."""
    if axis is None:
        return take_along_axis(ravel(x), ravel(indices), 0)
    found, places = traced(x), traced(indices, "int64")
    along = int(axis) % found.ndim
    shape = broadcast(*([*each.shape[:along], 1, *each.shape[along + 1 :]] for each in (found, places)))
    wide = [_spread(each, shape, along) for each in (found, places)]
    dims = [places.shape[along] if place == along else dim for place, dim in enumerate(shape)]
    return Traced(wide[0].node("GatherElements", wide[1], axis=along), dims)


def _spread(x: Traced, shape: tuple[int | None, ...], along: int) -> Value:
    """It with every axis but one as long as the shape says."""
    if all(dim == whole or place == along for place, (dim, whole) in enumerate(zip(x.shape, shape, strict=True)) if dim == 1 or whole is not None):
        return x.value
    return x.value.node("Expand", joined([ints(1) if place == along or dim is None else ints(dim) for place, dim in enumerate(shape)]))


@function("core.slice")
def slice_(inputs: Any, start_indices: Any, shape: Any) -> Traced:
    """A block from a corner on."""
    found = traced(inputs)
    starts, counts = dims_of(start_indices)[0], dims_of(shape)
    ends = (counts[0] == -1).where(ints(_END), starts + counts[0])
    dims = [_left(whole, count, start) for whole, count, start in zip(found.shape, counts[1], _numbers(start_indices, found.ndim), strict=True)]
    return Traced(found.value.node("Slice", starts, ends, ints(*range(found.ndim))), dims)


def _numbers(shape: Any, rank: int) -> list[int | None]:
    return [None] * rank if is_traced(shape) else [None if is_traced(each) else int(each) for each in np.ravel(np.asarray(shape, object))]


def _left(whole: int | None, count: int | None, start: int | None) -> int | None:
    if count is not None:
        return count
    return None if whole is None or start is None else whole - start


@function("core.slice_update")
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Traced:
    """With another block at a corner."""
    found, block = traced(inputs), traced(updates)
    starts = dims_of(start_indices)[0]
    value, inner = found.value, block.cast(found.dtype).value
    for axis in reversed(range(found.ndim)):
        inner = _placed(value, inner, starts, axis)
    return Traced(inner, found.shape)


def _placed(value: Value, block: Value, starts: Value, axis: int) -> Value:
    """The block with what lies before and behind it along an axis, cut to its places along the axes before."""
    first = starts.node("Slice", ints(axis), ints(axis + 1), ints(0))
    stop = first + block.node("Shape", dtype="int64", start=axis, end=axis + 1)
    around = value
    for before in range(axis):
        start = starts.node("Slice", ints(before), ints(before + 1), ints(0))
        around = around.node("Slice", start, start + block.node("Shape", dtype="int64", start=before, end=before + 1), ints(before))
    head, tail = around.node("Slice", ints(0), first, ints(axis)), around.node("Slice", stop, ints(_END), ints(axis))
    return side_by_side([head, block, tail], axis)


@function("core.scatter")
def scatter(indices: Any, values: Any, shape: Any) -> Traced:
    """Zeros with the sums of the values at the places."""
    dims, known = dims_of(shape)
    given = traced(values)
    zeros = computed(lambda v: v.reshaped(-1).node("Slice", ints(0), ints(0), ints(0)).sum(0, keep=False).node("Expand", dims), given.value)
    return Traced(_added(zeros, value_of(indices, "int64"), given.value, "add"), known)


@function("core.scatter_update")
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Traced:
    """Other values at some places."""
    found = traced(inputs)
    names = {None: "none", "add": "add", "max": "max", "min": "min", "mul": "mul"}
    if reduction not in names:
        raise Inexpressible(f"reduction {reduction}")
    return Traced(_added(found.value, value_of(indices, "int64"), value_of(updates, found.dtype), names[reduction]), found.shape)


def _added(value: Value, places: Value, updates: Value, reduction: str) -> Value:
    return computed(lambda v, new: v.node("ScatterND", places, new, reduction=reduction), value, updates)


@function("nn.one_hot")
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Traced:
    """A 1 at the place of each number, nothing where it is none of them."""
    if sparse:
        raise Inexpressible("sparse tensors")
    found = traced(x, "int64")
    equal = found.value.node("Unsqueeze", ints(found.ndim)) == np.arange(num_classes)
    hot = Traced(equal, (*found.shape, num_classes)).cast(_named(dtype))
    return hot if axis in (-1, found.ndim) else moveaxis(hot, -1, axis)


@function("nn.multi_hot")
def multi_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """A 1 at the places of all numbers of a row."""
    rank = traced(x).ndim
    return keras.ops.max(one_hot(traced(x, "int64"), num_classes, axis, dtype, sparse), axis=1 if rank > 1 else 0)


def _named(dtype: Any) -> str:
    return str(keras.backend.standardize_dtype(dtype or keras.backend.floatx()))


@function("numpy.diagonal")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Traced:
    """The elements whose two places are the same but for an offset, as the last axis."""
    found = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = size(found, -2 % found.ndim), size(found, -1 % found.ndim)
    below, right = max(-offset, 0), max(offset, 0)
    count = (rows - below).node("Min", columns - right).node("Max", ints(0))
    places = (counted(count) + below) * columns + (counted(count) + right)
    lead = [size(found, axis) for axis in range(found.ndim - 2)]
    flat = found.value.node("Reshape", joined([*lead, ints(-1)]))
    known = found.shape[-2:]
    width = None if None in known else max(min(known[0] - below, known[1] - right), 0)  # type: ignore[operator]
    return Traced(flat.node("Gather", places, axis=found.ndim - 2), (*found.shape[:-2], width))


@function("numpy.select")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Of each element the first choice whose condition holds."""
    dtype = common_dtype(*choicelist, default)
    found = traced(default, dtype)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = keras.ops.where(condition, choice, found)
    return found
