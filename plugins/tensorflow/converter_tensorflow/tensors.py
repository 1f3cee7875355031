"""NumPy arrays to TensorFlow tensors and back; strings are `str` on the one side and UTF-8 bytes on the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from converter.plugin import SourceError


def to_tensor(array: np.ndarray, dtype: str) -> Any:
    """Return the array as a dense tensor of the named dtype."""
    return tf.constant(array, tf.as_dtype(dtype))


def to_array(tensor: Any) -> np.ndarray:
    """Return a tensor's values; bfloat16 keeps its dtype. Raises SourceError for a sparse or ragged one."""
    if not tf.is_tensor(tensor) or isinstance(tensor, tf.SparseTensor | tf.RaggedTensor | tf.IndexedSlices):
        raise SourceError(
            f"the model answers with a {type(tensor).__name__}, and ONNX has dense tensors",
            hint="end the model with tf.sparse.to_dense or .to_tensor()",
        )
    array = np.asarray(tensor.numpy())
    if tensor.dtype != tf.string:
        return array
    return np.array([item.decode() for item in array.ravel()], object).reshape(array.shape)
