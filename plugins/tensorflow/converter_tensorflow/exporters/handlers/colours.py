"""RGB and HSV, as TensorFlow's kernels compute them.

Source: tensorflow/core/kernels/image/colorspace_op.h.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf


def _to_hsv(_operation: Any, image: Any) -> Any:
    red, green, blue = tf.unstack(image, 3, axis=-1)
    value = tf.reduce_max(image, -1)
    spread = value - tf.reduce_min(image, -1)
    saturation = tf.math.divide_no_nan(spread, value)
    sixth = tf.math.divide_no_nan(tf.ones_like(spread), 6 * spread)
    by_green = tf.where(green == value, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
    hue = tf.where(red == value, sixth * (green - blue), by_green)
    hue = tf.where(spread > 0, hue, tf.zeros_like(hue))
    return tf.stack([tf.where(hue < 0, hue + 1, hue), tf.where(value > 0, saturation, tf.zeros_like(value)), value], -1)


def _to_rgb(_operation: Any, image: Any) -> Any:
    hue, saturation, value = tf.unstack(image, 3, axis=-1)
    sextant = hue * 6
    shares = [tf.abs(sextant - 3) - 1, 2 - tf.abs(sextant - 2), 2 - tf.abs(sextant - 4)]
    return tf.stack([(1 - saturation + saturation * tf.clip_by_value(share, 0, 1)) * value for share in shares], -1)


HANDLERS: Mapping[str, Callable[..., Any]] = {"RGBToHSV": _to_hsv, "HSVToRGB": _to_rgb}
