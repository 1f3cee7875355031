"""A `.tflite` file as TensorFlow's own schema has it: a flatbuffer whose root is a Model (tensorflow/compiler/mlir/lite/schema/schema.fbs)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

from converter_tensorflow.plugin import TFLITE_MAGIC

_KINDS = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_BRANCHES = ("thenSubgraphIndex", "elseSubgraphIndex", "condSubgraphIndex", "bodySubgraphIndex", "subgraph")


def read(path: Path) -> Any:
    """Return the file's model as a tree of the schema's classes. Nothing is checked: the interpreter does that when it opens a file."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(path.read_bytes()), 0))


def packed(model: Any) -> bytes:
    """Return the content of a file that holds the tree."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), TFLITE_MAGIC)
    return bytes(builder.Output())


def kind_of(model: Any, operator: Any) -> str:
    """Return the schema's name of an operator, CONV_2D; of a custom one, the name that its author gave it."""
    return _name_of(model.operatorCodes[operator.opcodeIndex])


def kinds(model: Any) -> list[str]:
    """Return the names of all operators that the file lists, in the order of their codes, as `kind_of` has them."""
    return [_name_of(code) for code in model.operatorCodes]


def _name_of(code: Any) -> str:
    kind = max(code.builtinCode, code.deprecatedBuiltinCode)  # files from before 2020 have the deprecated one only
    if kind == schema.BuiltinOperator.CUSTOM:
        return (code.customCode or b"CUSTOM").decode(errors="replace")
    return _KINDS.get(kind, f"operator {kind}")


def is_custom(model: Any, operator: Any) -> bool:
    """Tell whether the operator is none of TensorFlow Lite's own."""
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode) == int(schema.BuiltinOperator.CUSTOM)


def called_by(operator: Any) -> dict[str, int]:
    """Return the subgraphs that an operator runs, under the names of the options that say so."""
    options = operator.builtinOptions
    found = {name: getattr(options, name, None) for name in _BRANCHES}
    if isinstance(options, schema.CallOnceOptionsT):
        found["initSubgraphIndex"] = options.initSubgraphIndex
    return {name: index for name, index in found.items() if isinstance(index, int)}


def reached(model: Any, start: int) -> Iterator[tuple[int, Any]]:
    """Yield every operator that a subgraph runs, with the subgraph that it is in; those that run once, before everything, are left out."""
    seen, waiting = {start}, [start]
    while waiting:
        number = waiting.pop()
        for operator in model.subgraphs[number].operators or []:
            yield number, operator
            if isinstance(operator.builtinOptions, schema.CallOnceOptionsT):
                continue
            fresh = set(called_by(operator).values()) - seen
            seen |= fresh
            waiting += sorted(fresh)
