"""The converter library onnxmltools, given a copy of the model whose thresholds are exact in float32.

The library rounds thresholds to the nearest float32, which moves half of them above values that lay above: rows on a threshold then take the wrong way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from lightgbm import Booster
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import DoubleTensorType, FloatTensorType
from onnxmltools.convert.lightgbm import convert
from onnxmltools.convert.lightgbm._parse import WrappedBooster

from converter.plugin import ExportError, ExportRequest
from converter_lightgbm.model_text import with_float32_thresholds

if TYPE_CHECKING:
    from converter_lightgbm.model import LightGBMModel

_TYPES = {"float32": FloatTensorType, "float64": DoubleTensorType}


def write_onnxmltools(model: LightGBMModel, request: ExportRequest) -> None:
    """Write the graph that onnxmltools makes; raises ExportError for an objective that it does not know."""
    (matrix,) = model.inputs
    types = [(matrix.name, _TYPES[matrix.dtype]([None, len(model.columns)]))]
    document: onnx.ModelProto = convert(_wrapped(model), "model", types, target_opset=request.opset, zipmap=False)
    _flatten_outputs(document.graph, _ranks(model))
    onnx.save(document, request.path)


def _wrapped(model: LightGBMModel) -> WrappedBooster:
    """Return the booster as the library takes it, with the class labels of the wrapper that it came in."""
    text = model.loaded.text
    exact = with_float32_thresholds(text.text) if model.inputs[0].dtype == "float32" else text.text
    try:
        wrapped = WrappedBooster(Booster(model_str=exact))
    except (NotImplementedError, KeyError) as error:
        objective = text.objective.name or "a function of one's own"
        hint = "a model trained with another objective converts"
        raise ExportError("lightgbm", "onnxmltools", f"the library does not know the objective {objective}", hint=hint) from error
    if len(model.classes):
        wrapped.classes_ = model.classes
    return wrapped


def _ranks(model: LightGBMModel) -> list[int]:
    """The number of dims of each output."""
    if len(model.classes):
        return [1, 2]
    return [1 if model.loaded.text.scores == 1 else 2]


def _flatten_outputs(graph: onnx.GraphProto, ranks: list[int]) -> None:
    """Give outputs the rank of the model's own answer: the library answers [batch, 1] where LightGBM answers [batch]."""
    for declared, rank in zip(list(graph.output), ranks, strict=False):
        if rank != 1 or len(declared.type.tensor_type.shape.dim) == 1:
            continue
        wide = f"{declared.name}.wide"
        for node in graph.node:
            node.output[:] = [wide if each == declared.name else each for each in node.output]
        graph.initializer.append(helper.make_tensor(f"{wide}.shape", TensorProto.INT64, [1], [-1]))
        graph.node.append(helper.make_node("Reshape", [wide, f"{wide}.shape"], [declared.name]))
        del declared.type.tensor_type.shape.dim[1:]
