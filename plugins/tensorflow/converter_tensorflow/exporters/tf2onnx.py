"""tf2onnx on the frozen function: variables and captured constants are constants before tf2onnx sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from converter.plugin import ExportRequest
from converter_tensorflow.exporters.leftovers import refuse_leftovers
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.function import TensorFunction

NAME = "tf2onnx"


def write_tf2onnx(function: TensorFunction, request: ExportRequest) -> None:
    """Write the function's graph; raises ExportError for an opset above tf2onnx's, and for operations that it has no form for."""
    with converting(NAME):
        from tf2onnx import convert

        opset = chosen_opset(request.opset, NAME)
        frozen = _frozen(function)
        declared = function.declared
        names = [each.name for each in declared.inputs] + [each.name for each in declared.outputs]
        renamed = dict(zip([*frozen.inputs, *frozen.outputs], names, strict=True))
        model, _storage = convert.from_graph_def(
            frozen.graph, input_names=frozen.inputs, output_names=frozen.outputs, opset=opset, tensors_to_rename=renamed
        )
        refuse_leftovers(model, NAME)
        request.path.write_bytes(model.SerializeToString())


@dataclass(frozen=True)
class _Frozen:
    """A TensorFlow GraphDef without variables, and the names of its input and output tensors."""

    graph: Any
    inputs: list[str]
    outputs: list[str]


def _frozen(function: TensorFunction) -> _Frozen:
    specs = [
        tf.TensorSpec([None if isinstance(dim, str) else dim for dim in each.dims], each.dtype, name=f"input_{number}")
        for number, each in enumerate(function.declared.inputs)
    ]
    traced = tf.function(lambda *tensors: function(tensors), input_signature=specs, autograph=False).get_concrete_function()
    inputs = [tensor.name for tensor in traced.inputs[: len(specs)]]  # what the function captured comes after
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=False, aggressive_inlining=True)
    return _Frozen(frozen.graph.as_graph_def(add_shapes=True), inputs, [tensor.name for tensor in frozen.outputs])
