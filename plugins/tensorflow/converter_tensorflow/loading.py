"""From a source to a Keras model or a TensorFlow signature, without executing what nobody vouched for."""

from __future__ import annotations

from typing import Any

import keras

from converter.plugin import LoadRequest, SourceError
from converter_tensorflow.keras_files import load_keras_file
from converter_tensorflow.signatures import Signature, load_saved_model, signature_of


def load(request: LoadRequest) -> keras.Model | Signature:
    """Return the Keras model, or the function to convert, that the source holds.

    Raises UnreadableSource for a damaged file, UntrustedSource for one that carries Python code, UsageError for a wrong option,
    and SourceError for an object that cannot be converted.
    """
    source = request.source
    if source.path is None:
        return _live(source.live, request)
    if source.path.is_dir():
        return load_saved_model(source.path, request.options.get("signature", ""))
    return load_keras_file(source, request)


def _live(found: Any, request: LoadRequest) -> keras.Model | Signature:
    if isinstance(found, keras.Model):
        return found
    if isinstance(found, keras.layers.Layer):
        hint = "keras.Sequential([keras.Input(shape), layer]) makes it one"
        raise SourceError(f"{found.name} is a Keras layer ({type(found).__name__}), not a model", hint=hint)
    return signature_of(found, request.options.get("signature", ""), request.inputs)
