"""From a constant at several sizes to the nodes that give it at any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import helper

from converter_torch.generalising.arithmetic import Arithmetic
from converter_torch.generalising.expressions import Product, Sizes, fit

LARGEST_VECTOR = 64
Arrays = Sequence[np.ndarray]


class CannotGeneralise(Exception):
    """A constant, an attribute or the structure follows a size in a way that has no expression."""


def generalised(arrays: Arrays, sizes: Sequence[Sizes], arithmetic: Arithmetic) -> str:
    """Return the name of a value that is `arrays[i]` at `sizes[i]`; raises CannotGeneralise."""
    for form in (_numbers, _filled, _range):
        if (name := form(arrays, sizes, arithmetic)) is not None:
            return name
    raise CannotGeneralise(f"a constant {arrays[0].dtype} {' / '.join(str(list(array.shape)) for array in arrays)} follows the sizes")


def _numbers(arrays: Arrays, sizes: Sequence[Sizes], arithmetic: Arithmetic) -> str | None:
    """A few numbers, whole or one over whole, each an expression of the axes."""
    first = arrays[0]
    if first.size > LARGEST_VECTOR or any(array.shape != first.shape for array in arrays):
        return None
    if first.dtype.kind in "iu" or all(_is_whole(array) for array in arrays):
        return _shaped(arithmetic.vector(_expressions([array.astype(np.int64) for array in arrays], sizes)), first, arithmetic)
    with np.errstate(divide="ignore"):
        over = [1 / array.astype(np.float64) for array in arrays]
    if first.dtype.kind != "f" or not all(np.isfinite(array).all() and np.allclose(array, np.round(array), rtol=1e-5) for array in over):
        return None
    name = _shaped(arithmetic.vector(_expressions([np.round(array).astype(np.int64) for array in over], sizes)), first, arithmetic)
    return arithmetic.node("Reciprocal", [name])


def _filled(arrays: Arrays, sizes: Sequence[Sizes], arithmetic: Arithmetic) -> str | None:
    """One value everywhere, in a shape that follows the axes."""
    first = arrays[0]
    if any(array.size == 0 or array.ndim != first.ndim or (array != first.flat[0]).any() for array in arrays):
        return None
    shape = arithmetic.vector(_expressions([np.array(array.shape, np.int64) for array in arrays], sizes))
    return arithmetic.node("Expand", [arithmetic.constant(first.flat[0], first.dtype), shape])


def _range(arrays: Arrays, sizes: Sequence[Sizes], arithmetic: Arithmetic) -> str | None:
    """Whole numbers in even steps along the one dim that is not 1, as many as an axis says."""
    first = arrays[0]
    steps = {int(step) for array in arrays for step in np.diff(array.reshape(-1))} if first.dtype.kind in "iuf" else set()
    if len(steps) != 1 or len({int(array.flat[0]) for array in arrays}) != 1 or not all(_is_whole(array) and _is_line(array) for array in arrays):
        return None
    start, step = int(first.flat[0]), steps.pop()
    count = arithmetic.scalar(arithmetic.vector(_expressions([np.array([array.size]) for array in arrays], sizes)))
    end = arithmetic.node("Add", [arithmetic.node("Mul", [count, arithmetic.constant(step)]), arithmetic.constant(start)])
    name = arithmetic.node("Range", [arithmetic.constant(start), end, arithmetic.constant(step)])
    return _shaped(name, first, arithmetic, [-1 if length > 1 else 1 for length in first.shape])


def _expressions(arrays: Arrays, sizes: Sequence[Sizes]) -> list[int | Product]:
    found: list[int | Product] = []
    for values in zip(*(array.reshape(-1).tolist() for array in arrays), strict=True):
        expression = values[0] if len(set(values)) == 1 else fit(sizes, values)
        if expression is None:
            raise CannotGeneralise(f"a number of {' / '.join(map(str, values))} at {' / '.join(map(str, map(dict, sizes)))} has no expression")
        found.append(expression)
    return found


def _shaped(name: str, like: np.ndarray, arithmetic: Arithmetic, shape: Sequence[int] | None = None) -> str:
    """Return a vector in the shape and dtype of a constant."""
    if like.ndim == 0:
        name = arithmetic.scalar(name)
    elif like.ndim != 1:
        name = arithmetic.node("Reshape", [name, arithmetic.constant(shape or like.shape)])
    return name if like.dtype == np.int64 else arithmetic.node("Cast", [name], to=helper.np_dtype_to_tensor_dtype(like.dtype))


def _is_whole(array: np.ndarray) -> bool:
    return array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool((array == np.round(array)).all()))


def _is_line(array: np.ndarray) -> bool:
    return array.ndim > 0 and array.size > 1 and max(array.shape) == array.size
