"""A layer for each step of time."""

from __future__ import annotations

from typing import Any

import keras

from converter_tensorflow.tracing.functions.shaping import reshape
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.rules import Inexpressible, layer


@layer(keras.layers.TimeDistributed)
def time_distributed(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
    """All steps are rows of one batch."""
    if training or keras.tree.is_nested(inputs):
        raise Inexpressible("training, or several inputs")
    ops, given = keras.ops, traced(inputs)
    batch, time = ops.shape(given)[:2]
    arguments = {}
    if self.layer._call_has_mask_arg and mask is not None:
        arguments["mask"] = reshape(mask, (-1, *ops.shape(mask)[2:]))
    answer = self.layer.call(reshape(given, (-1, *ops.shape(given)[2:])), **arguments)
    return keras.tree.map_structure(lambda each: reshape(each, (batch, time, *ops.shape(each)[1:])), answer)
