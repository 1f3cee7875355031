"""tf2onnx on the frozen function: variables and captured constants are constants before tf2onnx sees them."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from converter.plugin import ExportRequest
from converter_tensorflow.exporters.handlers import HANDLERS
from converter_tensorflow.exporters.leftovers import refuse_leftovers
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.selections import selections
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.freezing import Frozen, frozen
from converter_tensorflow.functions.function import TensorFunction

NAME = "tf2onnx"


def write_tf2onnx(function: TensorFunction, request: ExportRequest) -> None:
    """Write the function's graph; raises ExportError for an opset above tf2onnx's, and for operations that it has no form for."""
    declared = function.declared
    with converting(NAME):
        names = [*(each.name for each in declared.inputs), *(each.name for each in declared.outputs)]
        request.path.write_bytes(converted(frozen(function, HANDLERS), names, chosen_opset(request.opset, NAME)).SerializeToString())


def converted(found: Frozen, names: Sequence[str], opset: int) -> onnx.ModelProto:
    """Return the graph of a frozen function, its inputs and outputs named; raises ExportError for operations that tf2onnx has no form for."""
    with converting(NAME):
        from tf2onnx import convert

        renamed = dict(zip([*found.inputs, *found.outputs], names, strict=True))
        model: onnx.ModelProto
        model, _storage = convert.from_graph_def(
            found.graph,
            input_names=found.inputs,
            output_names=found.outputs,
            opset=opset,
            tensors_to_rename=renamed,
            custom_op_handlers=selections(),
        )
        refuse_leftovers(model, NAME)
    return model
