"""Where values go: slices, diagonals, rows of numbers, copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from converter_tensorflow.state.reading import sliced
from converter_tensorflow.state.replaying import Handler


def _has_rank(rank: int) -> Callable[..., bool]:
    return lambda _operation, x: bool(x.shape.rank == rank)


def _between(_operation: Any, start: Any, stop: Any, count: Any) -> Any:
    """`count` numbers from start to stop, the last one exactly stop."""
    places = tf.range(count)
    step = (stop - start) / tf.cast(tf.maximum(count - 1, 1), start.dtype)
    return tf.where((places == count - 1) & (count > 1), stop, start + step * tf.cast(places, start.dtype))


def _same(_operation: Any, x: Any, *_others: Any) -> Any:
    return tf.identity(x)


HANDLERS: Mapping[str, Handler] = {
    "TensorStridedSliceUpdate": Handler(sliced),
    "Diag": Handler(lambda _operation, x: tf.linalg.diag(x), _has_rank(1)),
    "DiagPart": Handler(lambda _operation, x: tf.linalg.diag_part(x), _has_rank(2)),
    "LinSpace": Handler(_between),
    "ParallelConcat": Handler(lambda _operation, *values: tf.concat(values, 0)),
    **{name: Handler(_same) for name in ("DeepCopy", "Copy", "Snapshot", "PreventGradient")},
}
