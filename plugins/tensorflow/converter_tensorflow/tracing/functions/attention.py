"""Attention."""

from __future__ import annotations

import math
from typing import Any

import keras

from converter_tensorflow.tracing.operands import common_dtype, traced
from converter_tensorflow.tracing.rules import Inexpressible, function

_MASKED = {"float16": -65500.0 * 0.7}
_MASKED_ELSE = -3.38953e38 * 0.7  # what Keras puts in place of masked scores


@function("nn.dot_product_attention")
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: Any = None,
) -> Any:
    """Means of values [batch, time, heads, width], by how queries meet keys; soft caps and flash attention have no effect on TensorFlow."""
    ops = keras.ops
    dtype = common_dtype(query, key, value)
    asked, met, given = (traced(each, dtype) for each in (query, key, value))
    if asked.shape[3] is None or asked.shape[2] is None or met.shape[2] is None:
        raise Inexpressible("heads of unknown number or width")
    groups = asked.shape[2] // met.shape[2] if met.shape[2] > 1 else 1
    met, given = ((ops.repeat(each, groups, axis=2) if groups > 1 else each) for each in (met, given))
    scores = ops.matmul(ops.transpose(asked, (0, 2, 1, 3)), ops.transpose(met, (0, 2, 3, 1)))
    scores = ops.cast(scores, "float64" if dtype == "float64" else "float32")
    scores = scores * (1 / math.sqrt(asked.shape[3]) if scale is None else ops.cast(scale, scores.dtype))
    if bias is not None:
        scores = scores + ops.cast(bias, scores.dtype)
    allowed = _causal(scores) if is_causal else None
    if mask is not None:
        allowed = ops.cast(mask, "bool") if allowed is None else ops.logical_and(ops.cast(mask, "bool"), allowed)
    if allowed is not None:
        scores = ops.where(allowed, scores, _MASKED.get(scores.dtype, _MASKED_ELSE))
    shares = ops.cast(ops.softmax(scores, axis=-1), met.dtype)
    return ops.transpose(ops.matmul(shares, ops.transpose(given, (0, 2, 1, 3))), (0, 2, 1, 3))


def _causal(scores: Any) -> Any:
    """Which keys come before or with each query."""
    ops = keras.ops
    rows, columns = ops.shape(scores)[2:4]
    return ops.expand_dims(ops.arange(rows), 1) >= ops.expand_dims(ops.arange(columns), 0)
