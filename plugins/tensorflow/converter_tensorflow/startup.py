"""The first import of TensorFlow and Keras: TensorFlow as Keras's backend, no GPU taken, the environment as it was."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from converter.plugin import SourceError

BACKEND = "tensorflow"


def start() -> None:
    """Import TensorFlow and Keras; raises SourceError where Keras already runs on another backend.

    A process in which nobody imported TensorFlow before is ours: it converts on the CPU, the GPU's memory stays free, and TensorFlow's
    own kernels answer, for oneDNN's convolution gives uninitialised memory where the kernel is larger than the image.
    """
    ours = "tensorflow" not in sys.modules
    with kept_environment("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL"):
        os.environ["KERAS_BACKEND"] = BACKEND
        if ours:
            os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
        import tensorflow as tf

        if ours:
            with contextlib.suppress(RuntimeError):  # the devices are in use already
                tf.config.set_visible_devices([], "GPU")
        import keras
    if keras.backend.backend() != BACKEND:
        message = f"keras runs on its {keras.backend.backend()} backend in this process, and only {BACKEND} can be converted"
        raise SourceError(
            message, hint="set KERAS_BACKEND=tensorflow before the first import of keras, or save the model and convert the .keras file"
        )


@contextlib.contextmanager
def kept_environment(*names: str) -> Iterator[None]:
    """Put these environment variables back as they were; importing tf2onnx sets TensorFlow's log level for good."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
