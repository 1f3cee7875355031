"""A Keras model's graph, written by its own call on traced tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import keras

from converter.plugin import ExportError, ExportRequest, Input
from converter.writing import Document, Value
from converter_tensorflow.functions.function import TensorFunction
from converter_tensorflow.tracing import functions, layers
from converter_tensorflow.tracing.current import writing_into
from converter_tensorflow.tracing.hooks import hooked
from converter_tensorflow.tracing.operands import traced
from converter_tensorflow.tracing.others import load_rules_for
from converter_tensorflow.tracing.rules import NeedsOpset
from converter_tensorflow.tracing.traced import Traced

NAME = "traced"
LOWEST = 18
"""The opset of tf2onnx, which writes what has no rule. Rules use what it has; where one needs a later opset, the graph has that."""

RULES = (functions, layers)  # importing them registers the rules


def write_traced(function: TensorFunction, model: keras.Model, request: ExportRequest) -> str | None:
    """Write the graph of a function that calls a model; returns what went through tf2onnx, if anything did.

    Raises ExportError for an opset below 18, and for what neither has a rule nor a form by tf2onnx.
    """
    opset = request.opset or LOWEST
    if opset < LOWEST:
        raise ExportError("tensorflow", NAME, f"it writes opset {LOWEST} and above, not {opset}", hint="leave --opset out")
    load_rules_for(model)
    try:
        document, note = _traced(function, model, opset)
    except NeedsOpset as error:
        if request.opset is not None:
            raise
        document, note = _traced(function, model, error.opset)
    document.write(request.path)
    return note


def _traced(function: TensorFunction, model: keras.Model, opset: int) -> tuple[Document, str | None]:
    document, through_tf2onnx = Document(opset), list[str]()
    given = [_input(document, each) for each in function.declared.inputs]
    with hooked(model, through_tf2onnx), writing_into(document):
        answers = [traced(each) for each in function(given)]
        _declare(document, function, answers)
    return document, _note(through_tf2onnx)


def _input(document: Document, declared: Input) -> Traced:
    name = document.input(declared.name, declared.dtype, declared.dims)
    return Traced(Value(document, name, declared.dtype), [None if isinstance(dim, str) else dim for dim in declared.dims])


def _declare(document: Document, function: TensorFunction, answers: Sequence[Traced]) -> None:
    for output, answer in zip(function.declared.outputs, answers, strict=True):
        document.output(output.name, answer.value.name, answer.dtype, answer.shape)


def _note(through_tf2onnx: Sequence[str]) -> str | None:
    if not through_tf2onnx:
        return None
    named = [name if count == 1 else f"{count} × {name}" for name, count in Counter(through_tf2onnx).items()]
    return f"through tf2onnx: {', '.join(named)}"
