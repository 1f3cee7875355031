"""Keras's own ONNX export."""

from __future__ import annotations

import onnx
import tensorflow as tf

from converter.plugin import ExportRequest
from converter_tensorflow.exporters.leftovers import refuse_leftovers
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.functions.keras_function import KerasFunction

NAME = "keras"


def write_keras(function: KerasFunction, request: ExportRequest) -> None:
    """Let the model export itself; raises ExportError for an opset above tf2onnx's, and for operations that it has no form for.

    The input signature is given, so that the model need not have been called and its inputs keep their names.
    """
    with converting(NAME):
        opset = chosen_opset(request.opset, NAME)
        inputs = function.declared.inputs
        specs = [tf.TensorSpec([None if isinstance(dim, str) else dim for dim in each.dims], each.dtype, name=each.name) for each in inputs]
        function.model.export(str(request.path), format="onnx", verbose=False, input_signature=function.arguments(specs), opset_version=opset)
        refuse_leftovers(onnx.load(request.path), NAME)
