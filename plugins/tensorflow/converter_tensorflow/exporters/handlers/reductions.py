"""Sums, norms and segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf


def _norm(operation: Any, x: Any, axes: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(x * x, axes, keepdims=operation.get_attr("keep_dims")))


def _cross(_operation: Any, a: Any, b: Any) -> Any:
    x, y = (tf.unstack(each, 3, axis=-1) for each in (a, b))
    return tf.stack([x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]], -1)


def _segment_mean(_operation: Any, data: Any, places: Any, count: Any) -> Any:
    """Segments of nothing are 0."""
    sums = tf.math.unsorted_segment_sum(data, places, count)
    sizes = tf.math.unsorted_segment_sum(tf.ones_like(data), places, count)
    return sums / tf.maximum(sizes, tf.ones_like(sizes))


HANDLERS: Mapping[str, Callable[..., Any]] = {
    "L2Loss": lambda _operation, x: tf.reduce_sum(x * x) / 2,
    "EuclideanNorm": _norm,
    "Cross": _cross,
    "UnsortedSegmentMean": _segment_mean,
}
