"""From a source to a Keras model or a TensorFlow signature, without executing what nobody vouched for."""

from __future__ import annotations

from typing import Any

import keras

from converter.plugin import LoadRequest, SourceError, UsageError
from converter_tensorflow.plugin import CHECKPOINT_SUFFIX, GRAPH_SUFFIX, SAVED_MODEL, TFLITE_MAGIC, TFLITE_SUFFIX
from converter_tensorflow.sources.graph_defs import load_checkpoint, load_frozen_graph
from converter_tensorflow.sources.keras_files import load_keras_file
from converter_tensorflow.sources.signatures import Signature, load_saved_model, signature_of
from converter_tensorflow.sources.tflite_files import TfliteSource, load_tflite


def load(request: LoadRequest) -> keras.Model | Signature | TfliteSource:
    """Return the Keras model, or the function to convert, that the source holds.

    Raises UnreadableSource for a damaged file, UntrustedSource for one that carries Python code, UsageError for a wrong option,
    and SourceError for an object that cannot be converted.
    """
    source = request.source
    _refuse_options(request)
    if source.path is None:
        return _live(source.live, request)
    if source.path.is_dir():
        return load_saved_model(source.path, request.options.get("signature", ""))
    if source.name == SAVED_MODEL:
        return load_saved_model(source.path.parent, request.options.get("signature", ""))
    if source.suffix == TFLITE_SUFFIX or source.head[4:8] == TFLITE_MAGIC:
        return load_tflite(source.path, request)
    if source.suffix == GRAPH_SUFFIX:
        return load_frozen_graph(source.path, request)
    if source.suffix == CHECKPOINT_SUFFIX:
        return load_checkpoint(source.path, request)
    return load_keras_file(source, request)


def _refuse_options(request: LoadRequest) -> None:
    """Refuse options of graphs for anything else."""
    if request.source.suffix in {GRAPH_SUFFIX, CHECKPOINT_SUFFIX} and request.source.name != SAVED_MODEL:
        return
    for option in ("inputs", "outputs"):
        if request.options.get(option):
            hint = "a Keras model and a SavedModel say themselves what they take and give"
            raise UsageError(f"option {option} is for frozen graphs and checkpoints", hint=hint)


def _live(found: Any, request: LoadRequest) -> keras.Model | Signature:
    if isinstance(found, keras.Model):
        return found
    if isinstance(found, keras.layers.Layer):
        hint = "keras.Sequential([keras.Input(shape), layer]) makes it one"
        raise SourceError(f"{found.name} is a Keras layer ({type(found).__name__}), not a model", hint=hint)
    return signature_of(found, request.options.get("signature", ""), request.inputs)
