"""The converter library skl2onnx: its graph as it is, with the model's own dtypes at the inputs and its ranks at the outputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import onnx
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn, get_latest_tested_opset_version
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

from converter.plugin import ExportError, ExportRequest

if TYPE_CHECKING:
    from converter_sklearn.model import SklearnModel

ML_OPSET = 3  # what the library's own converters need at most; its default is too low for isolation forests
_TYPES = {
    "bool": BooleanTensorType,
    "int64": Int64TensorType,
    "float32": FloatTensorType,
    "float64": DoubleTensorType,
    "string": StringTensorType,
}


def write_skl2onnx(model: SklearnModel, request: ExportRequest) -> None:
    """Write the graph that skl2onnx makes; raises ExportError for an estimator that it does not know."""
    pairs = zip(model.inputs, model.layout.blocks, strict=True)
    cast = {each.name: each.dtype for each, columns in pairs if each.dtype in {"bool", "int64"} and not any(column.encoded for column in columns)}
    types = [(each.name, _type_of("float32" if each.name in cast else each.dtype, each.dims)) for each in model.inputs]
    opsets = {"": request.opset or get_latest_tested_opset_version(), "ai.onnx.ml": ML_OPSET}
    document = _converted(model.estimator, types, opsets)
    for name, dtype in cast.items():
        _cast_input(document.graph, name, TensorProto.BOOL if dtype == "bool" else TensorProto.INT64)
    _flatten_outputs(document.graph, model)
    onnx.save(document, request.path)


def _converted(estimator: Any, types: list[tuple[str, Any]], opsets: dict[str, int]) -> onnx.ModelProto:
    try:
        document: onnx.ModelProto = convert_sklearn(estimator, "model", types, target_opset=opsets, options={"zipmap": False})
    except NameError:  # the last step is no classifier, or none that has this option
        document = convert_sklearn(estimator, "model", types, target_opset=opsets)
    except (MissingShapeCalculator, MissingConverter) as error:
        kind = re.search(r"<class '([\w.]+)'>", str(error))
        unknown = kind[1].rpartition(".")[2] if kind else "one of the steps"
        raise ExportError(
            "sklearn", "skl2onnx", f"the library has no converter for {unknown}", hint="replace that step by one that it knows"
        ) from error
    return document


def _type_of(dtype: str, dims: tuple[int | str, ...]) -> Any:
    if dtype not in _TYPES:
        raise TypeError(f"skl2onnx takes no {dtype} inputs")
    return _TYPES[dtype]([dim if isinstance(dim, int) else None for dim in dims])


def _cast_input(graph: onnx.GraphProto, name: str, dtype: int) -> None:
    """Give the graph its input in the user's dtype: the library wants every number of a mixed table as a float."""
    as_float = f"{name}.float"
    for node in graph.node:
        node.input[:] = [as_float if each == name else each for each in node.input]
    graph.node.insert(0, helper.make_node("Cast", [name], [as_float], to=TensorProto.FLOAT))
    declared = next(each for each in graph.input if each.name == name)
    declared.type.tensor_type.elem_type = dtype


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
