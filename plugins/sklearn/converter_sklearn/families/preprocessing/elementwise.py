"""NumPy's and SciPy's functions of single numbers as arithmetic on values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.writing import Value
from converter_sklearn.formulas.special import atan, erf, expm1, log1p, ndtr


def _remainder(x: Value, divisor: Value) -> Value:
    """The rest of a division, with the sign of the divisor."""
    rest = x.node("Mod", divisor, fmod=1)
    return ((rest * divisor) < 0).where(rest + divisor, rest)


def _truncated(x: Value) -> Value:
    return x.sign() * abs(x).floor()


def _sinh(x: Value) -> Value:
    grown = expm1(abs(x))
    return x.sign() * (grown + grown / (grown + 1)) / 2


def _arcsinh(x: Value) -> Value:
    square = x * x
    return x.sign() * log1p(abs(x) + square / ((square + 1).sqrt() + 1))


def _arcsin(x: Value) -> Value:
    return atan(x / ((1 - x) * (x + 1)).sqrt())


def _arctan2(above: Value, beside: Value) -> Value:
    """The angle of a point, between -pi and pi."""
    angle = atan(above / beside)
    behind = (above < 0).where(angle - np.pi, angle + np.pi)
    return ((above == 0) & (beside == 0)).where(above * 0, (beside < 0).where(behind, angle))


def _is_infinite(x: Value) -> Value:
    return abs(x) == np.inf


UFUNCS: dict[str, Callable[..., Value]] = {
    "absolute": abs,
    "add": lambda x, y: x + y,
    "arccos": lambda x: atan(((1 - x) / (x + 1)).sqrt()) * 2,
    "arcsin": _arcsin,
    "arcsinh": _arcsinh,
    "arctan": atan,
    "arctan2": _arctan2,
    "arctanh": lambda x: log1p(x * 2 / (1 - x)) / 2,
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "cbrt": lambda x: x.sign() * abs(x) ** (1 / 3),
    "ceil": lambda x: -(-x).floor(),
    "cos": lambda x: x.node("Cos"),
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
    "deg2rad": lambda x: x * (np.pi / 180),
    "divide": lambda x, y: x / y,
    "equal": lambda x, y: x == y,
    "erf": erf,
    "exp": lambda x: x.exp(),
    "exp2": lambda x: x.constant(2) ** x,
    "expit": lambda x: x.sigmoid(),
    "expm1": expm1,
    "fabs": abs,
    "floor": lambda x: x.floor(),
    "floor_divide": lambda x, y: (x / y).floor(),
    "fmod": lambda x, y: x.node("Mod", y, fmod=1),
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "hypot": lambda x, y: (x * x + y * y).sqrt(),
    "invert": lambda x: ~x,
    "isfinite": lambda x: abs(x) < np.inf,
    "isinf": _is_infinite,
    "isnan": lambda x: x.isnan(),
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "log": lambda x: x.log(),
    "log10": lambda x: x.log() / np.log(10),
    "log1p": log1p,
    "log2": lambda x: x.log() / np.log(2),
    "logical_and": lambda x, y: x & y,
    "logical_not": lambda x: ~x,
    "logical_or": lambda x, y: x | y,
    "logit": lambda x: (x / (1 - x)).log(),
    "maximum": lambda x, y: x.node("Max", y),
    "minimum": lambda x, y: x.node("Min", y),
    "multiply": lambda x, y: x * y,
    "ndtr": ndtr,
    "negative": lambda x: -x,
    "not_equal": lambda x, y: x != y,
    "positive": lambda x: x,
    "power": lambda x, y: x**y,
    "rad2deg": lambda x: x * (180 / np.pi),
    "reciprocal": lambda x: 1 / x,
    "remainder": _remainder,
    "rint": lambda x: x.node("Round"),
    "sign": lambda x: x.sign(),
    "sin": lambda x: x.node("Sin"),
    "sinh": _sinh,
    "sqrt": lambda x: x.sqrt(),
    "square": lambda x: x * x,
    "subtract": lambda x, y: x - y,
    "tan": lambda x: x.node("Sin") / x.node("Cos"),
    "tanh": lambda x: x.tanh(),
    "trunc": _truncated,
}
"""By the names of NumPy's ufuncs, those that have a rule; all values of one are of one dtype."""

OF_ARGUMENTS = frozenset(
    {"equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "not_equal"},
)
"""Those whose values are of the arguments' dtype, not of the answer's."""
