"""The tests that every plugin passes."""

from __future__ import annotations

from pathlib import Path

from converter.testing import FrameworkConformance
from converter_tensorflow.plugin import TensorFlow


def dense(folder: Path) -> Path:
    import keras

    path = folder / "dense.keras"
    keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)]).save(path)
    return path


class TestTensorFlow(FrameworkConformance):
    framework = TensorFlow()
    sources = (dense,)
