"""What a function may read of a changed variable, and how it may change it: each operation on a variable, as one on its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf


def _gathered(operation: Any, value: Any, indices: Any) -> Any:
    return tf.gather(value, indices, batch_dims=operation.get_attr("batch_dims"))


def _shape(operation: Any, value: Any) -> Any:
    return tf.shape(value, operation.get_attr("out_type"))


READS: Mapping[str, Callable[..., Any]] = {
    "ReadVariableOp": lambda _operation, value: value,
    "ResourceGather": _gathered,
    "ResourceGatherNd": lambda _operation, value, indices: tf.gather_nd(value, indices),
    "VariableShape": _shape,
    "VarIsInitializedOp": lambda _operation, _value: tf.constant(True),
}
"""Operations that read, by name: (operation, value, other inputs) → what it gives."""


def _scattered(update: Callable[..., Any]) -> Callable[..., Any]:
    """Rows of the first axis, chosen by indices of any shape; the updates may be a scalar."""

    def change(_operation: Any, value: Any, indices: Any, updates: Any) -> Any:
        shape = tf.concat([tf.shape(indices), tf.shape(value)[1:]], 0)
        return update(value, indices[..., tf.newaxis], tf.broadcast_to(updates, shape))

    return change


def _scattered_places(update: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _operation, value, indices, updates: update(value, indices, updates)


def sliced(operation: Any, value: Any, begin: Any, end: Any, strides: Any, update: Any) -> Any:
    """Return the value with the update in the place of a slice, found by numbering all places and taking the slice of the numbers."""
    masks = {name: operation.get_attr(name) for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")}
    numbers = tf.reshape(tf.range(tf.size(value)), tf.shape(value))
    chosen = tf.strided_slice(numbers, begin, end, strides, **masks)
    updates = tf.reshape(tf.broadcast_to(update, tf.shape(chosen)), [-1])
    flat = tf.tensor_scatter_nd_update(tf.reshape(value, [-1]), tf.reshape(chosen, [-1, 1]), updates)
    return tf.reshape(flat, tf.shape(value))


CHANGES: Mapping[str, Callable[..., Any]] = {
    "AssignVariableOp": lambda _operation, _value, new: new,
    "AssignAddVariableOp": lambda _operation, value, more: value + more,
    "AssignSubVariableOp": lambda _operation, value, less: value - less,
    "ResourceScatterUpdate": _scattered(tf.tensor_scatter_nd_update),
    "ResourceScatterAdd": _scattered(tf.tensor_scatter_nd_add),
    "ResourceScatterSub": _scattered(tf.tensor_scatter_nd_sub),
    "ResourceScatterMin": _scattered(tf.tensor_scatter_nd_min),
    "ResourceScatterMax": _scattered(tf.tensor_scatter_nd_max),
    "ResourceScatterNdUpdate": _scattered_places(tf.tensor_scatter_nd_update),
    "ResourceScatterNdAdd": _scattered_places(tf.tensor_scatter_nd_add),
    "ResourceScatterNdSub": _scattered_places(tf.tensor_scatter_nd_sub),
    "ResourceScatterNdMin": _scattered_places(tf.tensor_scatter_nd_min),
    "ResourceScatterNdMax": _scattered_places(tf.tensor_scatter_nd_max),
    "ResourceStridedSliceAssign": sliced,
}
"""Operations that change, by name: (operation, value, other inputs) → the value afterwards."""
