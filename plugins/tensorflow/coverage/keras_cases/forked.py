"""What a process from which others are forked imports once for them all."""

from __future__ import annotations

import gc
import importlib

_PRELOADED = ("converter_tensorflow.loading", "converter_tensorflow.model", "onnxruntime", "tf2onnx")


def preload() -> None:
    """Import what a conversion imports; nothing of TensorFlow runs, which would not survive the fork."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is here by now need not be looked through in every process
