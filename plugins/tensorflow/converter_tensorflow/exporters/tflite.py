"""tf2onnx's reader of TensorFlow Lite, on a file that is prepared for it, with what it leaves over written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx

from converter.plugin import ExportError, ExportRequest
from converter_tensorflow.exporters.leftovers import refuse_leftovers
from converter_tensorflow.exporters.opsets import chosen_opset
from converter_tensorflow.exporters.surroundings import converting
from converter_tensorflow.functions.tflite_function import TfliteFunction
from converter_tensorflow.tflite.expanding import LOWEST_OPSET, OWN, PREFIX, expanded
from converter_tensorflow.tflite.files import kinds, packed
from converter_tensorflow.tflite.preparing import prepared, refuse_unknown

NAME = "tflite"
HYBRID = "activations are rounded to 8 bits at run time, where the last bit of one may decide"


def write_tflite(function: TfliteFunction, request: ExportRequest) -> str | None:
    """Write the signature's graph, and return what is to be known of a hybrid one; raises ExportError for an opset that it cannot write, and for operators that it has no form for."""
    with converting(NAME):
        opset = chosen_opset(request.opset, NAME)
        if opset < LOWEST_OPSET:
            raise ExportError(
                "tensorflow", NAME, f"it writes opset {LOWEST_OPSET} and above, not {opset}", hint=f"--opset {LOWEST_OPSET}, or leave it out"
            )
        refuse_unknown(function.source, _known(opset), NAME)
        model = expanded(_read_by_tf2onnx(prepared(function.source), opset))
        refuse_leftovers(model, NAME)
        request.path.write_bytes(model.SerializeToString())
    return HYBRID if function.source.is_hybrid else None


def _known(opset: int) -> frozenset[str]:
    """The operators that tf2onnx reads, and those that are written out here."""
    from tf2onnx import tfonnx  # which registers all handlers
    from tf2onnx.handler import tf_op, tfl_op

    assert tfonnx
    names = {*tf_op.create_mapping(opset, None), *tfl_op.create_tfl_to_tf_mapping()}
    return OWN | {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}


def _read_by_tf2onnx(tree: Any, opset: int) -> onnx.ModelProto:
    """What `tf2onnx.convert.from_tflite` does, without its interpreter in this process, and with the first failure raised."""
    from tf2onnx import optimizer, tfonnx
    from tf2onnx.tf_loader import clear_functions

    clear_functions()
    *inner, main = _graphs(tree)
    for graph in (main, *inner):
        graph.set_config(None, opset, None)
    found = tfonnx.process_graphs(main, inner, None, [], [], False, None, None, None, is_tflite=True)
    model: onnx.ModelProto = optimizer.optimize_graph(found).make_model("TensorFlow Lite model")
    return model


def _graphs(tree: Any) -> Iterator[Any]:
    """tf2onnx's graphs of a file's subgraphs, the main one last."""
    from tf2onnx.graph import Graph
    from tf2onnx.tflite.Model import Model
    from tf2onnx.tflite_utils import get_model_subgraphs, parse_tflite_graph

    model = Model.GetRootAsModel(bytearray(packed(tree)), 0)
    codes = dict(enumerate(kinds(tree)))
    subgraphs = get_model_subgraphs(model)
    for number, subgraph in enumerate(subgraphs):
        is_main = number == len(subgraphs) - 1
        prefix = "" if is_main else f"{subgraph.Name().decode()}_"
        nodes, _operators, _attributes, shapes, dtypes, inputs, outputs, name = parse_tflite_graph(subgraph, codes, model, prefix)
        yield Graph(nodes, shapes, dtypes, input_names=inputs, output_names=outputs, is_subgraph=not is_main, graph_name=name)
