"""CatBoost's own export, its ZipMap taken off. It knows symmetric trees only, and a softmax for sigmoids: the proof decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from catboost import CatBoostError
from onnx import TensorProto, helper

from converter.plugin import ExportError, ExportRequest

if TYPE_CHECKING:
    from converter_catboost.model import CatBoostModel

_NAMES = {"probability_tensor": "probabilities", "predictions": "prediction", "label": "label"}


def write_catboost(model: CatBoostModel, request: ExportRequest) -> None:
    """Write the graph that CatBoost makes; raises ExportError for what it cannot write, and for another method or dtype."""
    if model.asked.method != "predict" or model.layout.dtype != "float32":
        hint = "-O method=predict, -O dtype=float32, or the exporter direct"
        raise ExportError("catboost", "catboost", f"it answers predict in float32, not {model.asked.method} in {model.layout.dtype}", hint=hint)
    source = model.loaded.model
    try:
        if model.asked.trees < model.loaded.blob.trees:
            source = source.copy()
            source.shrink(model.asked.trees)
        source.save_model(str(request.path), format="onnx")
    except CatBoostError as error:
        reason = str(error).strip().partition(": ")[2] or str(error)
        raise ExportError("catboost", "catboost", reason, hint="the exporter direct writes such a model") from error
    onnx.save(_plain(onnx.load(request.path), model), request.path)


def _plain(document: onnx.ModelProto, model: CatBoostModel) -> onnx.ModelProto:
    """Take the ZipMap off, and give inputs and outputs the names and ranks of the model's; raises ExportError where one is not there."""
    (matrix,), graph = model.inputs, document.graph
    for node in [each for each in graph.node if each.op_type == "ZipMap"]:
        graph.node.remove(node)
    for node in graph.node:
        node.input[:] = [matrix.name if each == "features" else each for each in node.input]
        node.output[:] = [_NAMES.get(each, each) for each in node.output]
    if lost := {each.name for each in model.outputs} - {name for node in graph.node for name in node.output}:
        raise ExportError("catboost", "catboost", f"its graph has no {', '.join(sorted(lost))}", hint="the exporter direct writes such a model")
    kinds = {each.name: each.type.tensor_type.elem_type for each in graph.output}
    del graph.input[:], graph.output[:]
    graph.input.append(helper.make_tensor_value_info(matrix.name, TensorProto.FLOAT, matrix.dims))
    for each in model.outputs:
        kind = kinds["label"] if each.name == "label" else TensorProto.FLOAT
        graph.output.append(helper.make_tensor_value_info(each.name, kind, None))
    if model.outputs[0].name == "prediction":
        _flatten(graph)
    return document


def _flatten(graph: onnx.GraphProto) -> None:
    """Give the prediction the shape [batch]: CatBoost's graph answers [batch, 1]."""
    graph.node[-1].output[:] = ["prediction.wide"]
    graph.initializer.append(helper.make_tensor("prediction.shape", TensorProto.INT64, [1], [-1]))
    graph.node.append(helper.make_node("Reshape", ["prediction.wide", "prediction.shape"], ["prediction"]))
