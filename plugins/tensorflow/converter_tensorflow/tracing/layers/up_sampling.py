"""Images of whole multiples of their size."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from converter.writing import Value
from converter_tensorflow.tracing.functions.images import resize
from converter_tensorflow.tracing.functions.windows import Image
from converter_tensorflow.tracing.rules import layer
from converter_tensorflow.tracing.traced import Traced, computed


@layer(keras.layers.UpSampling1D, keras.layers.UpSampling2D, keras.layers.UpSampling3D)
def up_sampling(self: Any, inputs: Any) -> Traced:
    """Each element several times, or as Keras resizes images."""
    data_format = getattr(self, "data_format", "channels_last")
    image = Image.of(inputs, data_format)
    factors = [int(each) for each in np.broadcast_to(self.size, (len(image.spatial),))]
    interpolation = getattr(self, "interpolation", "nearest")
    if interpolation != "nearest":
        first = 2 if data_format == "channels_first" else 1
        sizes = [size * factor for size, factor in zip(keras.ops.shape(inputs)[first : first + 2], factors, strict=True)]
        return resize(inputs, sizes, interpolation, data_format=data_format)
    scales = np.array([1, 1, *factors], np.float32)

    def repeated(v: Value) -> Value:
        attributes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return Value(v.document, v.document.node("Resize", v.name, "", v.constant(scales, "float32").name, **attributes), v.dtype)

    spatial = [None if dim is None else dim * factor for dim, factor in zip(image.spatial, factors, strict=True)]
    return image.becomes(computed(repeated, image.value), spatial, image.channels)
