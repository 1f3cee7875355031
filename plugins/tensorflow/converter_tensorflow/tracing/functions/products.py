"""Matrix products and sums of products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.shaping import reshape
from converter_tensorflow.tracing.operands import array_of, broadcast, common_dtype, is_traced, shape_of, traced, value_of
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Traced, computed

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@function("numpy.matmul")
def matmul(x1: Any, x2: Any) -> Traced:
    """Matrices in stacks; vectors are rows on the left and columns on the right."""
    dtype = common_dtype(x1, x2)
    left, right = shape_of(x1), shape_of(x2)
    found = computed(_product, value_of(x1, dtype), value_of(x2, dtype))
    if len(left) >= 2 and len(right) >= 2:
        return Traced(found, (*broadcast(left[:-2], right[:-2]), left[-2], right[-1]))
    return Traced(found, left[:-1] if len(right) == 1 else (*right[:-2], *right[-1:]))


def _product(a: Value, b: Value) -> Value:
    return a.node("MatMul", b)


@function("numpy.dot")
def dot(x1: Any, x2: Any) -> Any:
    """Over the last axis of the first and the last but one of the second."""
    left, right = shape_of(x1), shape_of(x2)
    if not left or not right:
        return keras.ops.multiply(x1, x2)
    if len(right) == 1:
        return matmul(x1, x2) if len(left) > 1 else tensordot(x1, x2, 1)
    return tensordot(x1, x2, ([len(left) - 1], [len(right) - 2]))


@function("numpy.vdot")
def vdot(x1: Any, x2: Any) -> Any:
    """Over all elements."""
    return tensordot(keras.ops.reshape(x1, (-1,)), keras.ops.reshape(x2, (-1,)), 1)


@function("numpy.inner")
def inner(x1: Any, x2: Any) -> Any:
    """Over the last axes."""
    left, right = shape_of(x1), shape_of(x2)
    if not left or not right:
        return keras.ops.multiply(x1, x2)
    return tensordot(x1, x2, ([len(left) - 1], [len(right) - 1]))


@function("numpy.outer")
def outer(x1: Any, x2: Any) -> Any:
    """Every product of two."""
    return keras.ops.multiply(keras.ops.reshape(x1, (-1, 1)), keras.ops.reshape(x2, (1, -1)))


@function("numpy.tensordot")
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums over pairs of axes."""
    left, right = len(shape_of(x1)), len(shape_of(x2))
    if isinstance(axes, int):
        summed = list(range(left - axes, left)), list(range(axes))
    else:
        summed = tuple([int(axis) % rank for axis in np.atleast_1d(each)] for each, rank in zip(axes, (left, right), strict=True))  # type: ignore[assignment]
    first, second = list(_LETTERS[:left]), list(_LETTERS[left : left + right])
    for mine, other in zip(*summed, strict=True):
        second[other] = first[mine]
    kept = [letter for place, letter in enumerate(first) if place not in summed[0]]
    kept += [letter for place, letter in enumerate(second) if place not in summed[1]]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", x1, x2)


@function("numpy.einsum")
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein's sums; what multiplies by a constant matrix is a MatMul."""
    dtype = common_dtype(*operands)
    terms, result = _spelled(subscripts, [len(shape_of(each)) for each in operands])
    sizes: dict[str, int | None] = {}
    for term, operand in zip(terms, operands, strict=True):
        for letter, dim in zip(term, shape_of(operand), strict=True):
            sizes[letter] = dim if sizes.get(letter) in (None, 1) else sizes[letter]
    simple = _as_matmul(terms, result, operands, sizes, dtype) if len(terms) == 2 else None
    if simple is not None:
        return simple

    def write(first: Value, *others: Value) -> Value:
        return first.node("Einsum", *others, equation=f"{','.join(terms)}->{result}")

    return Traced(computed(write, *(value_of(each, dtype) for each in operands)), [sizes[letter] for letter in result])


def _spelled(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The terms and the result with letters in place of dots, and a result where none is given."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    dotted = max((rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True) if "..." in term), default=0)
    used = set(subscripts)
    spare = [letter for letter in (*_LETTERS, *_LETTERS.upper()) if letter not in used][:dotted]
    spelled = []
    for term, rank in zip(terms, ranks, strict=True):
        own = rank - len(term.replace("...", "")) if "..." in term else 0
        spelled.append(term.replace("...", "".join(spare[dotted - own :])))
    if not arrow:
        letters = "".join(spelled)
        result = ("..." if dotted else "") + "".join(sorted(each for each in set(letters) - set(spare) if letters.count(each) == 1))
    return spelled, result.replace("...", "".join(spare))


def _as_matmul(terms: list[str], result: str, operands: Sequence[Any], sizes: dict[str, int | None], dtype: str) -> Traced | None:
    """The product with a constant whose letters are summed, or new and last."""
    x, weights = operands
    if is_traced(weights) or not is_traced(x):
        return None
    term, other = terms
    summed = [letter for letter in term if letter in other and letter not in result]
    kept = [letter for letter in term if letter not in summed]
    new = [letter for letter in other if letter not in summed]
    if not summed or set(new) & set(term) or term != "".join(kept + summed) or result != "".join(kept + new):
        return None
    matrix = array_of(weights, dtype).transpose([other.index(letter) for letter in summed + new])
    rows = math.prod(matrix.shape[: len(summed)])
    flat = matrix.reshape(rows, -1)
    lead = keras.ops.shape(x)[: len(kept)]
    given = traced(x, dtype) if len(summed) == 1 else reshape(traced(x, dtype), (*lead, rows))
    if len(kept) == 0:
        raise Inexpressible("a product that is summed whole")
    found = Traced(computed(lambda v: v.node("MatMul", flat), given.value), (*[sizes[letter] for letter in kept], flat.shape[1]))
    return found if len(new) == 1 else reshape(found, (*lead, *matrix.shape[len(summed) :]))


@function("linalg.det")
def det(a: Any) -> Traced:
    """The determinants of matrices."""
    found = traced(a)
    return Traced(found.value.node("Det"), found.shape[:-2])


@function("numpy.trace")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    return keras.ops.sum(keras.ops.diagonal(x, offset, axis1, axis2), axis=-1)


@function("numpy.cross")
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Vectors at right angles to two others, of three elements."""
    places = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    ops = keras.ops
    a, b = ops.moveaxis(x1, places[0], -1), ops.moveaxis(x2, places[1], -1)
    if traced(a).shape[-1] != 3 or traced(b).shape[-1] != 3:
        raise Inexpressible("vectors of two elements")
    following, last = [1, 2, 0], [2, 0, 1]
    found = ops.take(a, following, -1) * ops.take(b, last, -1) - ops.take(a, last, -1) * ops.take(b, following, -1)
    return ops.moveaxis(found, -1, places[2])
