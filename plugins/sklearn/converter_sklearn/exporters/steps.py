"""Steps that have a Writer, inside a graph of skl2onnx: the library places a node that stands for each, and its place is filled afterwards.

    estimator ─ convert_sklearn, told of the steps ─▶ graph with stand-ins ─ node by node ─▶ Document, where writers write the steps

So the library composes, and knows nothing of what is composed; its own converters of these classes are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import _parse, _supported_operators, update_registered_converter
from skl2onnx.common import _registration
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.base import is_classifier, is_outlier_detector, is_regressor

from converter.plugin import ExportError
from converter.trees import Document
from converter_sklearn.estimators import Block, Writer, cast, with_writers, writer_of
from converter_sklearn.exporters.direct import is_written, made, value_of

DOMAIN = "converter.steps"
TYPES = {
    "bool": BooleanTensorType,
    "int64": Int64TensorType,
    "float32": FloatTensorType,
    "float64": DoubleTensorType,
    "string": StringTensorType,
}
_DTYPES = {kind: dtype for dtype, kind in TYPES.items()}


Asked = tuple[str, int | None]  # a method, and of a list of answers the place of the one that is meant


@dataclass(frozen=True)
class Step:
    """An estimator where the library met it: what it reads, in which dtype it is written, what is asked of it and in which dtype that is to be."""

    estimator: Any
    blocks: tuple[Block, ...]
    written: str
    asked: tuple[Asked, ...]
    dtype: str


@dataclass(frozen=True)
class Steps:
    """The steps of a model that have a Writer; `asked` is what the last one is to answer, `dtype` what the model answers in.

    `met` fills while the library converts.
    """

    kinds: frozenset[type]
    last: Any
    asked: tuple[Asked, ...]
    dtype: str
    met: list[Step] = field(default_factory=list)

    @property
    def tells(self) -> dict[str, dict[type, Callable[..., Any]]]:
        """What the library is told: how to parse, to type and to convert these classes."""
        functions: dict[str, Callable[..., Any]] = {
            "custom_parsers": self._parse,
            "custom_shape_calculators": self._type,
            "custom_conversion_functions": self._stand_in,
        }
        return {name: dict.fromkeys(self.kinds, function) for name, function in functions.items()}

    @property
    def in_double(self) -> Steps:
        """The same steps, all written in double precision."""
        return replace(self, met=[replace(step, written="float64") for step in self.met])

    @contextmanager
    def known(self) -> Iterator[None]:
        """Within it the library has names for classes that are not scikit-learn's, as its converters of composed estimators want."""
        strangers = [kind for kind in self.kinds if kind not in _supported_operators.sklearn_operator_name_map]
        options: dict[str, Any] = {"zipmap": [True, False, "columns"], "nocl": [True, False], "raw_scores": [True, False]}
        for kind in strangers:
            update_registered_converter(kind, f"{DOMAIN}.{kind.__qualname__}", self._type, self._stand_in, options=options)
        try:
            yield
        finally:
            for kind in strangers:
                alias = _supported_operators.sklearn_operator_name_map.pop(kind)
                _registration._converter_pool.pop(alias)
                _registration._shape_calculator_pool.pop(alias)

    def _parse(self, scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:  # noqa: ARG002 - the library gives it
        if not is_written(model):
            return _parse._parse_sklearn(scope, model, inputs)
        operator = scope.declare_local_operator(_supported_operators.sklearn_operator_name_map[type(model)], model)
        operator.inputs = inputs
        for method, _ in self._asked(model):
            operator.outputs.append(scope.declare_local_variable(_NAMES.get(method, method), _floats_of(inputs)()))
        return operator.outputs

    def _type(self, operator: Any) -> None:
        """Give the outputs their types, in the order of the methods."""
        estimator = operator.raw_operator
        if not is_written(estimator):
            _registration.get_shape_calculator(operator.type)(operator)
            return
        floats = _floats_of(operator.inputs)
        classes = getattr(estimator, "classes_", None)
        outputs: list[Any] = classes if isinstance(classes, list) else [classes]
        for (method, place), output in zip(self._asked(estimator), operator.outputs, strict=False):
            if method == "predict" and not gives_numbers(estimator):
                is_text = classes is not None and np.asarray(outputs[0]).dtype.kind in "OUS"
                output.type = (StringTensorType if is_text else Int64TensorType)([None] if len(outputs) == 1 else [None, len(outputs)])
            elif method == "apply":
                output.type = Int64TensorType([None, None])
            else:
                several = [len(outputs)] if method == "predict_proba" and len(outputs) > 1 and place is None else []
                output.type = floats([*several, None, len(outputs[place or 0]) if method == "predict_proba" and classes is not None else None])

    def _asked(self, model: Any) -> tuple[Asked, ...]:
        return self.asked if model is self.last else tuple((method, None) for method in usual_methods(model))

    def _stand_in(self, scope: Any, operator: Any, container: Any) -> None:
        estimator = operator.raw_operator
        if not is_written(estimator):
            _registration.get_converter(operator.type)(scope, operator, container)
            return
        blocks = tuple(_block(each, estimator, alone=len(operator.inputs) == 1) for each in operator.inputs)
        dtype = "float64" if any(block.dtype == "float64" for block in blocks) else "float32"
        kind = writer_of(estimator)
        written = "float32" if self.dtype == "float32" and kind is not None and kind.compares == "float32" else dtype
        asked = self._asked(estimator)[: len(operator.outputs)]
        options = container.get_options(estimator, {"raw_scores": False}, fail=False) or {}
        if hasattr(estimator, "decision_function") and options.get("raw_scores"):
            asked = tuple((_SCORES, None) if method == "predict_proba" else (method, place) for method, place in asked)
        name = scope.get_unique_operator_name("Step")
        inputs, outputs = [each.full_name for each in operator.inputs], [each.full_name for each in operator.outputs]
        container.add_node("Step", inputs, outputs, op_domain=DOMAIN, op_version=1, name=name, number=len(self.met))
        self.met.append(Step(estimator, blocks, written, asked, dtype))


_SCORES = "raw_scores"  # what the library calls the decision function, of two classes two columns of opposite signs
_NAMES = {"predict": "label", "predict_proba": "probabilities", "decision_function": "scores", "transform": "variable"}


def steps_of(estimator: Any, last: Any, asked: Sequence[Asked], dtype: str) -> Steps:
    """Return the steps inside an estimator that are written."""
    kinds = frozenset(type(each) for each in with_writers(estimator) if each is not estimator and is_written(each))
    return Steps(kinds, last, tuple(asked), dtype)


def usual_methods(estimator: Any) -> tuple[str, ...]:
    """Return the methods of an estimator whose answers the next step may want."""
    if is_classifier(estimator):
        return ("predict", "predict_proba")
    if is_outlier_detector(estimator):
        return ("predict", "decision_function")
    return ("predict",) if gives_numbers(estimator) else ("transform",)


def gives_numbers(estimator: Any) -> bool:
    """Tell whether what an estimator predicts are numbers: a regressor's, or a ranker's, which scikit-learn has no word for."""
    is_other = is_classifier(estimator) or is_outlier_detector(estimator) or hasattr(estimator, "transform")
    return is_regressor(estimator) or (hasattr(estimator, "predict") and not is_other)


def filled(graph: onnx.GraphProto, steps: Steps, opset: int, floats: str) -> Document:
    """Return a graph of the library, which works in `floats`, with each stand-in replaced by what its Writer writes; raises ExportError where one cannot."""
    document = Document(opset)
    names = {each.name: document.input(each.name, _dtype_of(each.type.tensor_type), _dims_of(each.type.tensor_type)) for each in graph.input}
    names = added(document, graph, names, steps, floats)
    for each in graph.output:
        _declare(document, each, names[each.name], steps.dtype)
    return document


def added(document: Document, graph: onnx.GraphProto, names: dict[str, str], steps: Steps, floats: str) -> dict[str, str]:
    """Add such a graph to a document that has the values of its inputs under other names; return the names there of all its values."""
    names = names | {each.name: document.constant(numpy_helper.to_array(each)) for each in graph.initializer}
    for node in graph.node:
        if node.domain == DOMAIN:
            step = steps.met[helper.get_node_attr_value(node, "number")]
            blocks = [replace(block, value=names[value]) for block, value in zip(step.blocks, node.input, strict=True)]
            writer = made(document, step.estimator, blocks, step.written)
            values = tuple(_as_composed(writer, asked, step.dtype) for asked in step.asked)
        else:
            values = _copied(document, node, names)
        if node.op_type == "OneHotEncoder":  # which gives float32 whatever its neighbours give
            values = (cast(document, values[0], floats),)
        names |= dict(zip(node.output, values, strict=True))
    return names


def _declare(document: Document, declared: onnx.ValueInfoProto, value: str, floats: str) -> None:
    """Declare an output, floats in the model's dtype; a sequence, of the probabilities of several outputs, is stacked."""
    several = declared.type.HasField("sequence_type")
    tensor = declared.type.sequence_type.elem_type.tensor_type if several else declared.type.tensor_type
    value = document.node("ConcatFromSequence", value, axis=0, new_axis=1) if several else value
    dtype = _dtype_of(tensor)
    if dtype == "float64" and floats == "float32":
        dtype, value = floats, cast(document, value, floats)
    document.output(declared.name, value, dtype, [None] * (3 if several else len(tensor.shape.dim)))


def _as_composed(writer: Writer, asked: Asked, dtype: str) -> str:
    """Return an answer as the library's own steps give it: floats in the dtype that it works in, single numbers as columns, [batch, 1]."""
    method, place = asked
    if method == _SCORES:
        scores = _as_composed(writer, ("decision_function", place), dtype)
        is_alone = len(writer.estimator.classes_) == 2
        return writer.document.node("Concat", writer.document.node("Neg", scores), scores, axis=1) if is_alone else scores
    value, is_number = value_of(writer, method, place), method == "predict" and gives_numbers(writer.estimator)
    if method not in {"predict", "apply"} or is_number:
        value = value if writer.dtype == dtype else writer.cast(value, dtype)
    if method not in {"decision_function", "score_samples"} and not is_number:
        return value
    return writer.document.node("Reshape", value, writer.document.constant(np.array([0, -1], np.int64)))


def _copied(document: Document, node: onnx.NodeProto, names: dict[str, str]) -> tuple[str, ...]:
    if any(attribute.type in {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS} for attribute in node.attribute):
        node = _renamed_inside(node, names)
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    inputs = [names[each] if each else "" for each in node.input]
    return document.nodes(node.op_type, *inputs, outputs=len(node.output), domain=node.domain, **attributes)


def _renamed_inside(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    """Return a node whose graphs read values of the graph around them by their names in the document."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for graph in (graph for each in copy.attribute for graph in (*([each.g] if each.HasField("g") else []), *each.graphs)):
        own = {name for inner in graph.node for name in inner.output} | {each.name for each in (*graph.input, *graph.initializer)}
        outer = {name: value for name, value in names.items() if name not in own}
        for place, inner in enumerate(graph.node):
            graph.node[place].CopyFrom(_renamed_inside(inner, outer))
            graph.node[place].input[:] = [outer.get(name, name) for name in inner.input]
    return copy


def _floats_of(inputs: Any) -> type[FloatTensorType | DoubleTensorType]:
    """Return the library's type of the floats that a step gives which reads these."""
    is_double = any(isinstance(each.type, DoubleTensorType) for each in inputs)
    found: type[FloatTensorType | DoubleTensorType] = DoubleTensorType if is_double else FloatTensorType
    return found


def _block(variable: Any, estimator: Any, *, alone: bool) -> Block:
    dtype = _DTYPES.get(type(variable.type))
    width = int(estimator.n_features_in_) if alone else variable.type.shape[1]
    if dtype is None or not isinstance(width, int):
        what = f"{type(estimator).__name__} after columns of the type {variable.type}"
        raise ExportError("sklearn", "skl2onnx", f"the library does not tell what comes before {what}", hint="cast the columns to floats before it")
    return Block(variable.full_name, dtype, width)


def _dtype_of(tensor: onnx.TypeProto.Tensor) -> str:
    is_text = tensor.elem_type == TensorProto.STRING
    return "string" if is_text else helper.tensor_dtype_to_np_dtype(tensor.elem_type).name


def _dims_of(tensor: onnx.TypeProto.Tensor) -> list[int | str]:
    return [dim.dim_value or dim.dim_param or "batch" for dim in tensor.shape.dim]
