"""Arithmetic, comparisons and logic, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from converter.writing import Value
from converter_tensorflow.tracing.functions.elementwise import Binary, joined
from converter_tensorflow.tracing.operands import (
    common_dtype,
    floating,
    is_floating,
    traced,
)
from converter_tensorflow.tracing.rules import Inexpressible, function
from converter_tensorflow.tracing.traced import Traced


def _promoted(operation: Binary) -> Callable[[Any, Any], Traced]:
    def rule(x1: Any, x2: Any) -> Traced:
        return joined(x1, x2, common_dtype(x1, x2), operation)

    return rule


function("numpy.add")(_promoted(lambda a, b: a + b))
function("numpy.subtract")(_promoted(lambda a, b: a - b))
function("numpy.multiply")(_promoted(lambda a, b: a * b))
function("numpy.maximum")(_promoted(lambda a, b: a.node("Max", b)))
function("numpy.minimum")(_promoted(lambda a, b: a.node("Min", b)))
function("numpy.power")(_promoted(lambda a, b: a**b))


def _bits(operator: str) -> Callable[[Any, Any], Traced]:
    def rule(x: Any, y: Any) -> Traced:
        return joined(x, y, common_dtype(x, y), lambda a, b: a.node(operator, b))

    return rule


function("numpy.bitwise_and")(_bits("BitwiseAnd"))
function("numpy.bitwise_or")(_bits("BitwiseOr"))
function("numpy.bitwise_xor")(_bits("BitwiseXor"))


@function("numpy.divide", "numpy.true_divide")
def divide(x1: Any, x2: Any) -> Traced:
    """Whole numbers are divided as floats."""
    dtype = common_dtype(x1, x2, float)
    return joined(x1, x2, dtype, lambda a, b: a / b)


@function("numpy.divide_no_nan")
def divide_no_nan(x1: Any, x2: Any) -> Traced:
    """0 where the divisor is 0."""
    dtype = common_dtype(x1, x2, float)
    return joined(x1, x2, dtype, lambda a, b: (b == 0).where(a * 0, a / (b == 0).where(b.constant(1), b)))


@function("numpy.floor_divide")
def floor_divide(x1: Any, x2: Any) -> Traced:
    """The largest whole number that is not above the quotient."""
    dtype = common_dtype(x1, x2)
    if is_floating(dtype):
        return joined(x1, x2, dtype, lambda a, b: (a / b).floor())
    return joined(x1, x2, dtype, lambda a, b: (a - a.node("Mod", b)) / b)


@function("numpy.mod")
def mod(x1: Any, x2: Any) -> Traced:
    """The rest of that division, with the sign of the divisor."""
    dtype = common_dtype(x1, x2)
    dtype = "int32" if dtype == "bool" else dtype
    if is_floating(dtype):
        return joined(x1, x2, dtype, lambda a, b: _with_sign_of(b, a.node("Mod", b, fmod=1)))
    return joined(x1, x2, dtype, lambda a, b: a.node("Mod", b))


def _with_sign_of(divisor: Value, rest: Value) -> Value:
    return (rest * divisor < 0).where(rest + divisor, rest)


@function("numpy.arctan2")
def arctan2(x1: Any, x2: Any) -> Traced:
    """The angle of a point, -pi to pi."""
    dtype = common_dtype(x1, x2, float)

    def angle(y: Value, x: Value) -> Value:
        flat = (y / (x == 0).where(x.constant(1), x)).node("Atan")
        behind = (x < 0).where((y < 0).where(flat - np.pi, flat + np.pi), flat)
        return (x == 0).where(y.sign() * (np.pi / 2), behind)

    return joined(x1, x2, dtype, angle)


@function("numpy.logaddexp")
def logaddexp(x1: Any, x2: Any) -> Traced:
    """The logarithm of the sum of the exponentials."""
    dtype = common_dtype(x1, x2, float)
    return joined(x1, x2, dtype, lambda a, b: a.node("Max", b) + ((-abs(a - b)).exp() + 1).log())


@function("numpy.hypot")
def hypot(x1: Any, x2: Any) -> Traced:
    """The length of the hypotenuse."""
    return joined(x1, x2, common_dtype(x1, x2, float), lambda a, b: (a * a + b * b).sqrt())


# One operand


def _unary(operation: Callable[[Value], Value]) -> Callable[[Any], Traced]:
    return lambda x: traced(x).mapped(operation)


def _floating(operation: Callable[[Value], Value]) -> Callable[[Any], Traced]:
    return lambda x: floating(x).mapped(operation)


@function("numpy.absolute", "numpy.abs")
def absolute(x: Any) -> Traced:
    """The distance from 0."""
    found = traced(x)
    return found if found.dtype == "bool" else found.mapped(abs)


@function("numpy.sign")
def sign(x: Any) -> Traced:
    """-1, 0 or 1; NaN of NaN."""
    return traced(x).mapped(lambda v: v.isnan().where(v, v.sign()) if is_floating(v.dtype) else v.sign())


@function("numpy.square")
def square(x: Any) -> Traced:
    """The product with itself."""
    found = traced(x)
    return (found.cast("int32") if found.dtype == "bool" else found).mapped(lambda v: v * v)


function("numpy.negative")(_unary(lambda v: -v))
function("numpy.reciprocal")(_floating(lambda v: v.node("Reciprocal")))
function("numpy.exp")(_floating(lambda v: v.exp()))
function("numpy.exp2")(_floating(lambda v: v.constant(2.0) ** v))
function("numpy.expm1")(_floating(lambda v: _expm1(v)))
function("numpy.log")(_floating(lambda v: v.log()))
function("numpy.log1p")(_floating(lambda v: _log1p(v)))
function("numpy.log10")(_floating(lambda v: v.log() / np.log(10)))
function("numpy.log2")(_floating(lambda v: v.log() / np.log(2)))
function("numpy.sqrt")(_floating(lambda v: v.sqrt()))
function("numpy.cbrt")(_floating(lambda v: v.sign() * abs(v) ** (1 / 3)))
function("math.rsqrt")(_floating(lambda v: v.sqrt().node("Reciprocal")))
function("math.erf")(_floating(lambda v: v.node("Erf")))
function("math.erfc")(_floating(lambda v: 1 - v.node("Erf")))
function("numpy.sin")(_floating(lambda v: v.node("Sin")))
function("numpy.cos")(_floating(lambda v: v.node("Cos")))
function("numpy.tan")(_floating(lambda v: v.node("Tan")))
function("numpy.sinh")(_floating(lambda v: v.node("Sinh")))
function("numpy.cosh")(_floating(lambda v: v.node("Cosh")))
function("numpy.tanh")(_floating(lambda v: v.tanh()))
function("numpy.arcsin")(_floating(lambda v: v.node("Asin")))
function("numpy.arccos")(_floating(lambda v: v.node("Acos")))
function("numpy.arctan")(_floating(lambda v: v.node("Atan")))
function("numpy.arcsinh")(_floating(lambda v: v.node("Asinh")))
function("numpy.arccosh")(_floating(lambda v: v.node("Acosh")))
function("numpy.arctanh")(_floating(lambda v: v.node("Atanh")))
function("numpy.deg2rad")(_floating(lambda v: v * (np.pi / 180)))
function("numpy.rad2deg")(_floating(lambda v: v * (180 / np.pi)))
function("numpy.ceil")(_floating(lambda v: v.node("Ceil")))
function("numpy.floor")(_floating(lambda v: v.floor()))
function("numpy.trunc")(_unary(lambda v: v.sign() * abs(v).floor() if is_floating(v.dtype) else v))


def _expm1(v: Value) -> Value:
    """Near 0 by tanh, which loses no digits there: e^x - 1 = 2 t / (1 - t), t = tanh(x / 2)."""
    half = (v / 2).tanh()
    return (abs(v) < 1).where(half * 2 / (1 - half), v.exp() - 1)


def _log1p(v: Value) -> Value:
    """Kahan's correction of what 1 + x rounds away, x log(u) / (u - 1) with u = 1 + x."""
    up = v + 1
    off = up - 1
    return (off == 0).where(v, (off == 0).where(v, up.log() * v / (off == 0).where(v.constant(1), off)))


@function("numpy.round")
def round_(x: Any, decimals: int = 0) -> Traced:
    """To the nearest, halves to the even one."""
    found = traced(x)
    if not is_floating(found.dtype):
        if decimals:
            raise Inexpressible("decimals of whole numbers")
        return found
    scale = 10.0**decimals
    return found.mapped(lambda v: v.node("Round") if not decimals else (v * scale).node("Round") / scale)


@function("numpy.clip")
def clip(x: Any, x_min: Any, x_max: Any) -> Traced:
    """Its elements, none outside the bounds."""
    found = traced(x)
    found = found.cast("int32") if found.dtype == "bool" else found
    raised = found if x_min is None else joined(found, x_min, found.dtype, lambda a, b: a.node("Max", b))
    return raised if x_max is None else joined(raised, x_max, found.dtype, lambda a, b: a.node("Min", b))


@function("numpy.nan_to_num")
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Traced:
    """Numbers in place of NaN and infinities."""
    found = traced(x)
    if not is_floating(found.dtype):
        return found
    limits = tf.as_dtype(found.dtype)
    above, below = (limits.max if posinf is None else posinf), (limits.min if neginf is None else neginf)

    def known(v: Value) -> Value:
        bounded = v.node("IsInf", dtype="bool", detect_negative=0).where(v.constant(above), v)
        bounded = v.node("IsInf", dtype="bool", detect_positive=0).where(v.constant(below), bounded)
        return v.isnan().where(v.constant(nan), bounded)

    return found.mapped(known)
