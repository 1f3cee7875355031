"""Buckets and sorted tables: the place of a value is how many of the table lie before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf


def _bucketize(operation: Any, x: Any) -> Any:
    """Boundaries are float32; integers are compared as such."""
    values = x if x.dtype.is_floating else tf.cast(x, tf.float32)
    boundaries = tf.constant(operation.get_attr("boundaries"), tf.float32, [len(operation.get_attr("boundaries"))])
    return _count(values[..., tf.newaxis] >= tf.cast(boundaries, values.dtype), tf.int32)


def _lower(operation: Any, table: Any, values: Any) -> Any:
    return _count(table[:, tf.newaxis] < values[..., tf.newaxis], operation.get_attr("out_type"))


def _upper(operation: Any, table: Any, values: Any) -> Any:
    return _count(table[:, tf.newaxis] <= values[..., tf.newaxis], operation.get_attr("out_type"))


def _count(truths: Any, dtype: Any) -> Any:
    return tf.reduce_sum(tf.cast(truths, dtype), -1)


HANDLERS: Mapping[str, Callable[..., Any]] = {"Bucketize": _bucketize, "LowerBound": _lower, "UpperBound": _upper}
