"""A loaded Keras model or TensorFlow signature: what it takes and gives, its own answers, and its exporters."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from converter.plugin import Exporter, LoadRequest, SourceError, SourceModel, example_sizes, format_input
from converter_tensorflow.exporters.keras import write_keras
from converter_tensorflow.exporters.tf2onnx import write_tf2onnx
from converter_tensorflow.exporters.tflite import write_tflite
from converter_tensorflow.faces.probing import accepted
from converter_tensorflow.faces.recogniser import metadata_of_a_recogniser
from converter_tensorflow.functions.channels_first import ChannelsFirst, with_channels_last
from converter_tensorflow.functions.function import TensorFunction
from converter_tensorflow.functions.keras_function import KerasFunction, keras_function
from converter_tensorflow.functions.signature_function import signature_function
from converter_tensorflow.functions.tflite_function import TfliteFunction, tflite_function
from converter_tensorflow.plugin import KEEP
from converter_tensorflow.reasons import reason_of
from converter_tensorflow.rounding import errors
from converter_tensorflow.sources.signatures import Signature
from converter_tensorflow.sources.tflite_files import TfliteSource
from converter_tensorflow.tensors import to_array, to_tensor
from converter_tensorflow.tflite.interpreter import InterpreterEnded
from converter_tensorflow.tracing.tracing import write_traced


class TensorFlowModel(SourceModel):
    """A model as a function of named tensors; free dims have the ranges that the model was found to accept."""

    def __init__(self, function: TensorFunction, request: LoadRequest) -> None:
        found = accepted(function.probed(), request.axes)
        self.function = function.taking(found.inputs)
        self.inputs = self.function.declared.inputs
        self.outputs = function.declared.outputs
        self.axes = found.axes
        self.summary = function.declared.summary
        self.exporters = self._exporters()
        self.metadata = {**function.declared.metadata, **self._metadata(request.options)}

    @staticmethod
    def of(loaded: keras.Model | Signature | TfliteSource, request: LoadRequest) -> TensorFlowModel:
        """Return the model of what `loading.load` found; raises as the functions' own modules do, and as `ChannelsFirst.of`."""
        if request.options.get("layout", KEEP) == KEEP:
            return TensorFlowModel(_function(loaded, request), request)
        return TensorFlowModel(ChannelsFirst.of(_function(loaded, with_channels_last(request))), request)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the model's own answers, in inference mode; raises SourceError where it refuses the feeds."""
        try:
            answers = self.function([to_tensor(feeds[each.name], each.dtype) for each in self.inputs])
        except InterpreterEnded:
            raise
        except Exception as error:  # a refusal comes as any class: TensorFlow's, Keras's, or the model's own
            shown = " ".join(f"--input '{format_input(each, self.axes)}'" for each in self.inputs)
            raise SourceError(f"the model refuses its input: {reason_of(error)}", hint=f"narrow what it is tried with: {shown}") from error
        return {output.name: to_array(answer) for output, answer in zip(self.outputs, answers, strict=True)}

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds; a state among them is one that the model came to."""
        return self.function.sample(rng, sizes)

    def rounding(self, feeds: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Return how far the answer is from that in double precision; of a TensorFlow Lite model, how far its interpreter's are from each other."""
        tensors = [to_tensor(feeds[each.name], each.dtype) for each in self.inputs]
        found = self.function.errors(tensors) if isinstance(self.function, TfliteFunction) else errors(self.function, tensors)
        return {} if found is None else {output.name: error for output, error in zip(self.outputs, found, strict=True)}

    def _metadata(self, options: Mapping[str, Any]) -> dict[str, str]:
        if not options.get("charset"):
            return {}
        answers = self.run(self.sample(np.random.default_rng(0), example_sizes(self.axes)))
        return metadata_of_a_recogniser(self.inputs, {name: answer.shape for name, answer in answers.items()}, options)

    def _exporters(self) -> tuple[Exporter, ...]:
        function, library = self.function, Exporter("tf2onnx", functools.partial(write_tf2onnx, self.function))
        inner = function.inner if isinstance(function, ChannelsFirst) else function
        if isinstance(function, TfliteFunction):
            return (Exporter("tflite", functools.partial(write_tflite, function)),)
        if not isinstance(inner, KerasFunction):
            return (library,)
        traced = Exporter("traced", functools.partial(write_traced, function, inner.model))
        if not isinstance(function, KerasFunction):
            return traced, library
        return traced, library, Exporter("keras", functools.partial(write_keras, function))


def _function(loaded: keras.Model | Signature | TfliteSource, request: LoadRequest) -> TensorFunction:
    if isinstance(loaded, TfliteSource):
        return tflite_function(loaded, request)
    return signature_function(loaded, request) if isinstance(loaded, Signature) else keras_function(loaded, request)
