"""The converter library onnxmltools, given a copy of the model: its own iterations only, no names, and a wrapper whose kind fits the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import DoubleTensorType, FloatTensorType
from onnxmltools.convert.xgboost import convert
from xgboost import XGBClassifier, XGBRegressor
from xgboost.core import XGBoostError

from converter.plugin import ExportError, ExportRequest
from converter_xgboost.answers import is_classifier
from converter_xgboost.exporters.direct import OPSET

if TYPE_CHECKING:
    from converter_xgboost.model import XGBoostModel

_TYPES = {"float32": FloatTensorType, "float64": DoubleTensorType}


def write_onnxmltools(model: XGBoostModel, request: ExportRequest) -> None:
    """Write the graph that onnxmltools makes; raises ExportError for a model that it does not know."""
    (matrix,) = model.inputs
    types = [(matrix.name, _TYPES[matrix.dtype]([None, len(model.columns)]))]
    try:
        document: onnx.ModelProto = convert(_wrapped(model), "model", types, target_opset=request.opset)
    except (KeyError, RuntimeError, XGBoostError) as error:
        reason = str(error).partition("\n")[0]
        raise ExportError("xgboost", "onnxmltools", f"the library does not know such a model: {reason}", hint="--exporter direct knows it") from error
    if all(each.domain for each in document.opset_import):  # there are trees only
        document.opset_import.append(helper.make_opsetid("", request.opset or OPSET))
    _name_outputs(document.graph, [output.name for output in model.outputs])
    onnx.save(document, request.path)


def _wrapped(model: XGBoostModel) -> Any:
    """Return a wrapper around a copy of the booster, as the library takes it."""
    copy = model.loaded.booster[model.asked.begin : model.asked.end]
    copy.feature_names = None  # the library reads the columns' numbers out of their names
    copy.set_attr(best_iteration=None, best_score=None, scikit_learn=None)
    wrapper = (XGBClassifier if is_classifier(model.loaded) else XGBRegressor)(missing=model.asked.missing)
    wrapper.load_model(bytearray(copy.save_raw("ubj")))
    return wrapper


def _name_outputs(graph: onnx.GraphProto, names: list[str]) -> None:
    """Give the last outputs the model's names, and those of one column the rank of the model's own answer."""
    kept = list(graph.output)[-len(names) :]
    del graph.output[:]
    for declared, name in zip(kept, names, strict=True):
        dims = declared.type.tensor_type.shape.dim
        if name == "prediction" and len(dims) == 2 and dims[1].dim_value == 1:
            graph.initializer.append(helper.make_tensor(f"{name}.shape", TensorProto.INT64, [1], [-1]))
            graph.node.append(helper.make_node("Reshape", [declared.name, f"{name}.shape"], [name]))
            del dims[1:]
        elif declared.name != name:
            graph.node.append(helper.make_node("Identity", [declared.name], [name]))
        declared.name = name
        graph.output.append(declared)
