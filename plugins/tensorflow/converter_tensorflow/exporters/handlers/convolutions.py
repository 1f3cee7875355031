"""Grouped convolutions: TensorFlow has no attribute for them, a kernel that takes fewer channels than there are says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from converter_tensorflow.state.replaying import Handler


def _is_grouped(operation: Any, image: Any, weights: Any) -> bool:
    x, kernel = image.shape, weights.shape
    if operation.get_attr("data_format") not in {b"NHWC", b"NDHWC"} or x.rank is None or kernel.rank is None:
        return False
    return x[-1] is not None and kernel[-2] is not None and x[-1] > kernel[-2]


def _by_group(convolve: Callable[..., Any]) -> Callable[..., Any]:
    def handle(operation: Any, x: Any, kernel: Any) -> Any:
        groups = x.shape[-1] // kernel.shape[-2]
        parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        return tf.concat([convolve(operation, part, weights) for part, weights in parts], -1)

    return handle


def _flat(operation: Any, x: Any, kernel: Any) -> Any:
    padding = operation.get_attr("padding").decode()
    explicit = operation.get_attr("explicit_paddings")
    pads = [explicit[place : place + 2] for place in range(0, len(explicit), 2)] if padding == "EXPLICIT" else padding
    return tf.nn.conv2d(x, kernel, operation.get_attr("strides"), pads, dilations=operation.get_attr("dilations"))


def _deep(operation: Any, x: Any, kernel: Any) -> Any:
    return tf.nn.conv3d(x, kernel, operation.get_attr("strides"), operation.get_attr("padding").decode(), dilations=operation.get_attr("dilations"))


HANDLERS: Mapping[str, Handler] = {"Conv2D": Handler(_by_group(_flat), _is_grouped), "Conv3D": Handler(_by_group(_deep), _is_grouped)}
