"""Functions of single values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf


def _erfc(_operation: Any, x: Any) -> Any:
    return 1 - tf.math.erf(x)


def _expm1(_operation: Any, x: Any) -> Any:
    """exp(x) - 1, near 0 by 2t / (1 - t) of t = tanh(x/2), which keeps what the difference would lose."""
    half = tf.tanh(tf.clip_by_value(x, -1, 1) / 2)
    return tf.where(tf.abs(x) < 1, 2 * half / (1 - half), tf.exp(x) - 1)


def _log1p(_operation: Any, x: Any) -> Any:
    """log(1 + x), corrected by what the sum lost.

    Source: W. Kahan, as given in D. Goldberg, What Every Computer Scientist Should Know About Floating-Point Arithmetic, theorem 4.
    """
    whole = 1 + x
    moved = whole - 1
    is_exact = (moved == 0) | (tf.abs(x) > 1)
    return tf.where(is_exact, tf.where(moved == 0, x, tf.math.log(whole)), tf.math.log(whole) * (x / tf.where(is_exact, tf.ones_like(x), moved)))


def _unless_zero(value: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda _operation, x, y: tf.where(x == 0, tf.zeros_like(x * y), value(x, y))


def _truncated_remainder(_operation: Any, x: Any, y: Any) -> Any:
    return tf.sign(x) * tf.math.floormod(tf.abs(x), tf.abs(y))


HANDLERS: Mapping[str, Callable[..., Any]] = {
    "Erfc": _erfc,
    "Expm1": _expm1,
    "Log1p": _log1p,
    "Xdivy": _unless_zero(lambda x, y: x / y),
    "Xlogy": _unless_zero(lambda x, y: x * tf.math.log(y)),
    "Xlog1py": _unless_zero(lambda x, y: x * _log1p(None, y)),
    "MulNoNan": lambda operation, x, y: _unless_zero(lambda y, x: x * y)(operation, y, x),
    "Inv": lambda _operation, x: 1 / x,
    "TruncateMod": _truncated_remainder,
    "Mod": _truncated_remainder,
    "ApproximateEqual": lambda operation, x, y: tf.abs(x - y) < tf.cast(operation.get_attr("tolerance"), x.dtype),
}
