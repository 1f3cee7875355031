"""A `.tflite` file as TensorFlow's own schema has it: a flatbuffer whose root is a Model (tensorflow/compiler/mlir/lite/schema/schema.fbs)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flatbuffers
from tensorflow.lite.python import schema_py_generated as schema

from converter.plugin import UnreadableSource
from converter_tensorflow.plugin import TFLITE_MAGIC, TFLITE_SUFFIX

_KINDS = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_BRANCHES = ("thenSubgraphIndex", "elseSubgraphIndex", "condSubgraphIndex", "bodySubgraphIndex", "subgraph")


def read(path: Path) -> Any:
    """Return the file's model as a tree of the schema's classes; raises UnreadableSource where it is cut off, damaged or another format.

    It is read before the interpreter sees it, which follows any offset to wherever that leads.
    """
    content = path.read_bytes()
    if content[4:8] != TFLITE_MAGIC:
        message = f"{path} is not a TensorFlow Lite model: its bytes 4 to 7 are not {TFLITE_MAGIC.decode()}"
        raise UnreadableSource(message, hint=f"{TFLITE_SUFFIX} is the suffix of those; copy or download it again")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(content), 0))
        sound = _is_sound(model)
    except Exception:  # noqa: BLE001 - what is read from a wrong place fails in many ways
        sound = False
    if not sound:
        raise UnreadableSource(f"{path} is cut off or damaged", hint="copy or download it again")
    return model


def _is_sound(model: Any) -> bool:
    """Tell whether there is a subgraph, and everything that is referred to exists."""
    for graph in model.subgraphs:
        places = [place for operator in graph.operators or [] for place in (*operator.inputs, *operator.outputs)]
        if not all(-1 <= place < len(graph.tensors) for place in (*places, *graph.inputs, *graph.outputs)):
            return False
        if not all(operator.opcodeIndex < len(model.operatorCodes) for operator in graph.operators or []):
            return False
        if not all(tensor.buffer < len(model.buffers) for tensor in graph.tensors):
            return False
    return len(model.subgraphs) > 0


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
        return str((code.customCode or b"CUSTOM").decode(errors="replace"))
    return str(_KINDS.get(kind, f"operator {kind}"))


def is_custom(model: Any, operator: Any) -> bool:
    """Tell whether the operator is none of TensorFlow Lite's own."""
    code = model.operatorCodes[operator.opcodeIndex]
    return bool(max(code.builtinCode, code.deprecatedBuiltinCode) == int(schema.BuiltinOperator.CUSTOM))


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
