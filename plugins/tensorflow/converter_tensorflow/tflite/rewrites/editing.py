"""New tensors, operators and constants in the tree of a TensorFlow Lite model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema


def added_operator(model: Any, kind: str, inputs: Sequence[int], outputs: Sequence[int], options: Any = None) -> Any:
    """Return a new operator, which the caller puts where it belongs: one of TensorFlow Lite's own, or a custom one for any other name."""
    operator = schema.OperatorT()
    operator.opcodeIndex = _code(model, kind)
    operator.inputs, operator.outputs = list(inputs), list(outputs)
    if options is not None:
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
    return operator


def added_tensor(graph: Any, like: int, name: str) -> int:
    """Add a tensor of another one's shape and dtype, without its values and quantisation; return its place."""
    tensor = copy.copy(graph.tensors[like])
    tensor.name, tensor.buffer, tensor.quantization = name.encode(), 0, None
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def added_constant(model: Any, graph: Any, name: str, value: float) -> int:
    """Add a float32 scalar; return its place."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(np.float32(value).tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.name, tensor.buffer, tensor.type, tensor.shape = name.encode(), len(model.buffers) - 1, int(schema.TensorType.FLOAT32), []
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def replace_input(operator: Any, position: int, tensor: int) -> None:
    """Let the operator read another tensor."""
    operator.inputs = [tensor if number == position else each for number, each in enumerate(operator.inputs)]


def _code(model: Any, kind: str) -> int:
    code = schema.OperatorCodeT()
    code.version = 1
    builtin = getattr(schema.BuiltinOperator, kind, None)
    if builtin is None:
        builtin, code.customCode = schema.BuiltinOperator.CUSTOM, kind.encode()
    code.builtinCode, code.deprecatedBuiltinCode = int(builtin), min(int(builtin), int(schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES))
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
