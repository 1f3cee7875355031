"""A function of Keras's operations as a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.plugin import ExportRequest, LoadRequest, Source


@pytest.fixture
def traced(keras: Any, tmp_path: Path) -> Callable[..., tuple[Path, str | None]]:
    """Write a function of tensors like these arrays, each first axis free and the spatial ones of images too; returns the graph and the note."""

    def traced(function: Callable[..., Any], like: Sequence[np.ndarray]) -> tuple[Path, str | None]:
        from converter_tensorflow.functions.keras_function import keras_function
        from converter_tensorflow.tracing.tracing import write_traced

        class Calls(keras.layers.Layer):
            def __init__(self) -> None:
                super().__init__(dtype="float32", autocast=False)

            def call(self, *tensors: Any) -> Any:
                return function(*tensors)

            def compute_output_spec(self, *tensors: Any) -> Any:
                return keras.src.backend.compute_output_spec(function, *tensors)

        inputs = [keras.Input(batch_shape=_free(each), dtype=each.dtype.name, name=f"x{place}") for place, each in enumerate(like)]
        try:
            model = keras.Model(inputs, Calls()(*inputs))
        except AttributeError as error:
            if "module 'keras.ops' has no attribute" not in str(error):
                raise
            pytest.skip(f"Keras {keras.__version__} does not have this function")
        path = tmp_path / "graph.onnx"
        return path, write_traced(keras_function(model, LoadRequest(Source.of(model))), model, ExportRequest(path))

    return traced


def _free(array: np.ndarray) -> tuple[int | None, ...]:
    return (None, None, None, array.shape[3]) if array.ndim == 4 else (None, *array.shape[1:])
