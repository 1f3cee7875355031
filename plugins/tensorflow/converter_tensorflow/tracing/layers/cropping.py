"""The middle of images."""

from __future__ import annotations

from typing import Any

import keras

from converter.writing import either
from converter_tensorflow.tracing.functions.images import resize
from converter_tensorflow.tracing.functions.windows import Image
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.rules import Inexpressible, layer
from converter_tensorflow.tracing.sizes import ints, joined, length


@layer(keras.layers.CenterCrop)
def center_crop(self: Any, data: Any, training: Any = None) -> Any:
    """Of a free size: cut where the image is large enough, else resized to cover it; Keras decides that by the sizes it is called with."""
    if training or keras.tree.is_nested(data) or traced(data).ndim != 4:
        raise Inexpressible("training, or other than a batch of images")
    images = keras.ops.cast(data, self.compute_dtype)
    image = Image.of(images, self.data_format)
    if None not in image.spatial:
        raise Inexpressible("what Keras decides itself")
    height, width = length(image.value, 2), length(image.value, 3)
    fits = ((height >= self.height) & (width >= self.width)).reshaped()

    def cut() -> list[Any]:
        start = joined([(height - self.height) / 2, (width - self.width) / 2])
        return [image.value.node("Slice", start, start + ints(self.height, self.width), ints(2, 3))]

    def covered() -> list[Any]:
        found = resize(images, (self.height, self.width), crop_to_aspect_ratio=True, data_format=self.data_format)
        return [Image.of(found, self.data_format).value]

    (value,) = either(fits, cut, covered)
    return image.becomes(value.node("Reshape", ints(0, 0, self.height, self.width)), (self.height, self.width), image.channels)
