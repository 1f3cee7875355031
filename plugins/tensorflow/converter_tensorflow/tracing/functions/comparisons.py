"""Comparisons, logic and choices, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from converter.writing import Value
from converter_tensorflow.tracing.functions.elementwise import Binary, joined
from converter_tensorflow.tracing.operands import (
    broadcast,
    common_dtype,
    dtype_of,
    is_floating,
    shape_of,
    traced,
    value_of,
)
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Traced, computed


def _compared(operation: Binary) -> Callable[[Any, Any], Traced]:
    def rule(x1: Any, x2: Any) -> Traced:
        if "string" in (dtype_of(x1), dtype_of(x2)):
            return joined(x1, x2, "string", operation)
        dtype = common_dtype(x1, x2)
        return joined(x1, x2, "int32" if dtype == "bool" else dtype, operation)

    return rule


function("numpy.greater")(_compared(lambda a, b: a > b))


function("numpy.greater_equal")(_compared(lambda a, b: a >= b))


function("numpy.less")(_compared(lambda a, b: a < b))


function("numpy.less_equal")(_compared(lambda a, b: a <= b))


function("numpy.equal")(_compared(lambda a, b: a == b))


function("numpy.not_equal")(_compared(lambda a, b: a != b))


@function("numpy.isclose")
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Traced:
    """Whether two are as near as `atol` and a share of the second."""
    if equal_nan:
        raise Inexpressible("equal_nan=True")
    return joined(x1, x2, common_dtype(x1, x2, float), lambda a, b: (a == b) | (abs(a - b) <= abs(b) * rtol + atol))


def _logical(operation: Binary) -> Callable[[Any, Any], Traced]:
    return lambda x1, x2: joined(x1, x2, "bool", operation)


function("numpy.logical_and")(_logical(lambda a, b: a & b))


function("numpy.logical_or")(_logical(lambda a, b: a | b))


function("numpy.logical_xor")(_logical(lambda a, b: a.node("Xor", b)))


@function("numpy.logical_not")
def logical_not(x: Any) -> Traced:
    """The contrary."""
    return traced(x, "bool").mapped(lambda v: ~v)


@function("numpy.where")
def where(condition: Any, x1: Any = None, x2: Any = None) -> Traced:
    """Elements of one or of the other."""
    if x1 is None or x2 is None:
        raise Inexpressible("the places of a condition, as many as it holds")
    dtype = "string" if "string" in (dtype_of(x1), dtype_of(x2)) else common_dtype(x1, x2)
    shape = broadcast(shape_of(condition), shape_of(x1), shape_of(x2))
    chosen = value_of(condition, "bool")
    if dtype == "string":
        return Traced(chosen.where(value_of(x1, dtype), value_of(x2, dtype)), shape)
    return Traced(computed(chosen.where, value_of(x1, dtype), value_of(x2, dtype)), shape)


function("numpy.isnan")(lambda x: _asked(x, lambda v: v.isnan(), of_whole=False))


function("numpy.isinf")(lambda x: _asked(x, lambda v: v.node("IsInf", dtype="bool"), of_whole=False))


function("numpy.isposinf")(lambda x: _asked(x, lambda v: v.node("IsInf", dtype="bool", detect_negative=0), of_whole=False))


function("numpy.isneginf")(lambda x: _asked(x, lambda v: v.node("IsInf", dtype="bool", detect_positive=0), of_whole=False))


function("numpy.isfinite")(lambda x: _asked(x, lambda v: ~(v.isnan() | v.node("IsInf", dtype="bool")), of_whole=True))


def _asked(x: Any, question: Callable[[Value], Value], *, of_whole: bool) -> Traced:
    """The answer for floats; whole numbers all have the same one."""
    found = traced(x)
    if is_floating(found.dtype):
        return found.mapped(question)
    return traced(keras.ops.full_like(found, of_whole, dtype="bool"))
