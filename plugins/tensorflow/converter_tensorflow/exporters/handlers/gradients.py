"""Derivatives inside a model: maps of what a classifier looks at, and their kin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

HANDLERS: Mapping[str, Callable[..., Any]] = {
    "SigmoidGrad": lambda _operation, y, dy: dy * y * (1 - y),
    "TanhGrad": lambda _operation, y, dy: dy * (1 - y * y),
    "ReluGrad": lambda _operation, dy, x: tf.where(x > 0, dy, tf.zeros_like(dy)),
    "ReciprocalGrad": lambda _operation, y, dy: -dy * y * y,
    "SqrtGrad": lambda _operation, y, dy: dy / (2 * y),
    "RsqrtGrad": lambda _operation, y, dy: dy * y * y * y / -2,
}
