"""The converter library skl2onnx: its graph with the model's own dtypes at the inputs and its ranks at the outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn, get_latest_tested_opset_version
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from sklearn.pipeline import Pipeline

from converter.plugin import ExportError, ExportRequest, Input
from converter_sklearn.parts import usual_methods

if TYPE_CHECKING:
    from converter_sklearn.model import SklearnModel

ML_OPSET = 3  # what the library's own converters need at most; its default is too low for isolation forests
TYPES = {
    "bool": BooleanTensorType,
    "int64": Int64TensorType,
    "float32": FloatTensorType,
    "float64": DoubleTensorType,
    "string": StringTensorType,
}


def write_skl2onnx(model: SklearnModel, request: ExportRequest) -> None:
    """Write the graph that skl2onnx makes; raises ExportError for an estimator, or a method of it, that it does not know."""
    last = _last_of(model.estimator)
    asked = {answer.method for answer in model.answers}
    if not asked <= {"predict", "predict_proba", "transform", *usual_methods(last)}:
        what = f"the library gives no {', '.join(sorted(asked))} of a {type(last).__name__}"
        raise ExportError("sklearn", "skl2onnx", what, hint="-O method=predict converts what it predicts")
    floats = "float64" if any(each.dtype == "float64" for each in model.inputs) else "float32"
    pairs = zip(model.inputs, model.layout.blocks, strict=True)
    cast = [each for each, columns in pairs if each.dtype in {"bool", "int64"} and not any(column.encoded for column in columns)]
    types = [(each.name, _type_of(floats if each in cast else each.dtype, each.dims)) for each in model.inputs]
    document = converted(model.estimator, types, request.opset or get_latest_tested_opset_version())
    for each in cast:
        _cast_input(document.graph, each, floats)
    _flatten_outputs(document.graph, model)
    onnx.save(document, request.path)


def _last_of(estimator: Any) -> Any:
    """Return the step whose answers are the estimator's."""
    if isinstance(estimator, Pipeline):
        return _last_of(estimator.steps[-1][1])
    return _last_of(estimator.best_estimator_) if hasattr(estimator, "best_estimator_") else estimator


def converted(estimator: Any, types: list[tuple[str, Any]], opset: int) -> onnx.ModelProto:
    """Return the library's graph of an estimator for inputs of some types; raises ExportError where it does not know a part."""
    convert = partial(convert_sklearn, estimator, "model", types, target_opset={"": opset, "ai.onnx.ml": ML_OPSET})
    try:
        return _classifying(convert)
    except (MissingShapeCalculator, MissingConverter) as error:
        kind = re.search(r"<class '([\w.]+)'>", str(error))
        unknown = kind[1].rpartition(".")[2] if kind else "one of the steps"
        what = f"the library has no converter for {unknown}"
        raise ExportError("sklearn", "skl2onnx", what, hint="replace that step by one that it knows") from error


def _classifying(convert: Callable[..., onnx.ModelProto]) -> onnx.ModelProto:
    try:
        return convert(options={"zipmap": False})
    except NameError:  # the last step is no classifier, or none that has this option
        return convert()


def _type_of(dtype: str, dims: tuple[int | str, ...]) -> Any:
    if dtype not in TYPES:
        raise TypeError(f"skl2onnx takes no {dtype} inputs")
    return TYPES[dtype]([dim if isinstance(dim, int) else None for dim in dims])


def _cast_input(graph: onnx.GraphProto, given: Input, floats: str) -> None:
    """Give the graph its input in the user's dtype: the library wants every number of a mixed table as a float."""
    as_float = f"{given.name}.float"
    for node in graph.node:
        node.input[:] = [as_float if each == given.name else each for each in node.input]
    graph.node.insert(0, helper.make_node("Cast", [given.name], [as_float], to=helper.np_dtype_to_tensor_dtype(np.dtype(floats))))
    declared = next(each for each in graph.input if each.name == given.name)
    declared.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(given.dtype))


def _flatten_outputs(graph: onnx.GraphProto, model: SklearnModel) -> None:
    """Give outputs the rank of the model's own answer: the library answers [batch, 1] where scikit-learn answers [batch]."""
    names = [output.name for output in model.outputs]
    for place, declared in enumerate(graph.output):
        output = declared.name if declared.name in model.ranks else names[place] if len(graph.output) == len(names) else ""
        if model.ranks.get(output) != 1 or len(declared.type.tensor_type.shape.dim) == 1:
            continue
        wide = f"{declared.name}.wide"
        for node in graph.node:
            node.input[:] = [wide if each == declared.name else each for each in node.input]
            node.output[:] = [wide if each == declared.name else each for each in node.output]
        graph.initializer.append(helper.make_tensor(f"{wide}.shape", TensorProto.INT64, [1], [-1]))
        graph.node.append(helper.make_node("Reshape", [wide, f"{wide}.shape"], [declared.name]))
        del declared.type.tensor_type.shape.dim[1:]
