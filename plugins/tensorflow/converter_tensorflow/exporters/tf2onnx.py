"""tf2onnx on the frozen function: variables and captured constants are constants before tf2onnx sees them."""

from __future__ import annotations

from converter.plugin import ExportRequest
from converter_tensorflow.exporters.leftovers import refuse_leftovers
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.freezing import frozen
from converter_tensorflow.functions.function import TensorFunction

NAME = "tf2onnx"


def write_tf2onnx(function: TensorFunction, request: ExportRequest) -> None:
    """Write the function's graph; raises ExportError for an opset above tf2onnx's, and for operations that it has no form for."""
    with converting(NAME):
        from tf2onnx import convert

        opset = chosen_opset(request.opset, NAME)
        found = frozen(function)
        declared = function.declared
        names = [each.name for each in declared.inputs] + [each.name for each in declared.outputs]
        renamed = dict(zip([*found.inputs, *found.outputs], names, strict=True))
        model, _storage = convert.from_graph_def(
            found.graph, input_names=found.inputs, output_names=found.outputs, opset=opset, tensors_to_rename=renamed
        )
        refuse_leftovers(model, NAME)
        request.path.write_bytes(model.SerializeToString())
