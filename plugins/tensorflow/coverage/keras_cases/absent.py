"""Classes of keras.layers that have nothing to convert, and why."""

from __future__ import annotations

_ABSTRACT = "has no computation of its own"
_OTHER_FRAMEWORK = "holds code of another framework, which Keras's TensorFlow backend cannot run"

ABSENT: dict[str, str] = {
    **dict.fromkeys(("Layer", "Wrapper"), _ABSTRACT),
    "InputLayer": "is the input of every model here",
    "InputSpec": "describes what a layer takes; it is no layer",
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TorchModuleWrapper"), _OTHER_FRAMEWORK),
    "TFSMLayer": "calls a SavedModel from a file, which is a source of its own",
    "Equalization": "does nothing in inference, and Keras can build no functional model with it: its symbolic answer is its input",
}
