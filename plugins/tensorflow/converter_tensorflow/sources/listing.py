"""What a SavedModel offers, read from its bytes without TensorFlow.

Source: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto and saved_object_graph.proto; the numbers are those of their fields.
"""

from __future__ import annotations

from pathlib import Path

from converter.plugin import UnreadableSource, protobuf

_META_GRAPHS, _SIGNATURES, _OBJECTS = 2, 5, 7
_KEY, _VALUE = 1, 2  # of an entry of a map
_INPUTS, _OUTPUTS = 1, 2  # of a SignatureDef
_DTYPE, _SHAPE = 2, 3  # of a TensorInfo
_DIMS, _UNKNOWN_RANK, _SIZE = 2, 3, 1  # of a TensorShapeProto and of its dims
_NODES, _CHILDREN, _FUNCTION = 1, 1, 6  # of a SavedObjectGraph and of its objects
_NODE, _NAME = 1, 2  # of a reference to a child
_CONCRETE = 1  # of a SavedFunction
_UPKEEP = "__saved_model"  # what TensorFlow itself calls when it loads
_DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64", 9: "int64", 10: "bool",
    14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 20: "resource", 21: "variant", 22: "uint32", 23: "uint64",
}  # fmt: skip


def functions_of(path: Path) -> dict[str, str]:
    """Return the signatures of a `saved_model.pb` with what they take and give, and the functions of its object; raises UnreadableSource."""
    try:
        data = path.read_bytes()
        graphs = protobuf.messages(data, protobuf.whole(data), _META_GRAPHS)
        signatures = {name: line for graph in graphs for name, line in _signatures(data, graph).items() if not name.startswith(_UPKEEP)}
        functions = {name: "a function of the object" for graph in graphs for name in _functions(data, graph)}
    except (*protobuf.UNREADABLE, OSError) as error:
        message = f"{path} is not a SavedModel: it is cut off, damaged, or another format"
        raise UnreadableSource(message, hint="copy or download it again") from error
    return {**functions, **signatures}


def _signatures(data: bytes, graph: protobuf.Span) -> dict[str, str]:
    entries = protobuf.messages(data, graph, _SIGNATURES)
    return {protobuf.text(data, entry, _KEY): _line(data, value) for entry in entries for value in protobuf.messages(data, entry, _VALUE)}


def _line(data: bytes, signature: protobuf.Span) -> str:
    taken, given = (", ".join(sorted(_tensor(data, entry) for entry in protobuf.messages(data, signature, side))) for side in (_INPUTS, _OUTPUTS))
    return f"{taken or 'nothing'} → {given or 'nothing'}"


def _tensor(data: bytes, entry: protobuf.Span) -> str:
    name = protobuf.text(data, entry, _KEY)
    (info,) = protobuf.messages(data, entry, _VALUE)
    dtype = _DTYPES.get(sum(protobuf.numbers(data, info, _DTYPE)), "?")
    return f"{name}:{dtype}[{', '.join(_dims(data, info))}]"


def _dims(data: bytes, info: protobuf.Span) -> list[str]:
    shapes = protobuf.messages(data, info, _SHAPE)
    if any(protobuf.numbers(data, shape, _UNKNOWN_RANK) for shape in shapes):
        return ["…"]
    sizes = [sum(protobuf.numbers(data, dim, _SIZE)) for shape in shapes for dim in protobuf.messages(data, shape, _DIMS)]
    return ["?" if size < 0 else str(size) for size in sizes]


def _functions(data: bytes, graph: protobuf.Span) -> list[str]:
    """The functions that are attributes of the saved object and were traced."""
    objects = [node for found in protobuf.messages(data, graph, _OBJECTS) for node in protobuf.messages(data, found, _NODES)]
    if not objects:
        return []
    children = {
        protobuf.text(data, child, _NAME): sum(protobuf.numbers(data, child, _NODE)) for child in protobuf.messages(data, objects[0], _CHILDREN)
    }
    return sorted(name for name, node in children.items() if _is_function(data, objects[node]) and (name == "__call__" or not name.startswith("_")))


def _is_function(data: bytes, node: protobuf.Span) -> bool:
    return any(protobuf.messages(data, function, _CONCRETE) for function in protobuf.messages(data, node, _FUNCTION))
