"""Which inputs and outputs of a graph declare a shape at all.

ONNX Runtime shows the dims `[]` for a scalar and for an unknown rank alike, and takes a matrix for a declared scalar without a word. The graph's
own bytes tell them apart: the tensor type of an input has a shape (field 2), which may be empty, or has none.
"""

from __future__ import annotations

from pathlib import Path

from converter.protobuf import UNREADABLE, Bytes, Span, messages, opened, text, whole

# Field numbers of onnx.proto: ModelProto.graph, GraphProto.input and output.
_GRAPH, _INPUT, _OUTPUT = 7, 11, 12


def shaped_ports(source: Path | bytes) -> frozenset[str]:
    """Names of the inputs and outputs that declare a shape; none where the bytes are in another format than ONNX."""
    try:
        with opened(source) as data:
            ports = [port for graph in messages(data, whole(data), _GRAPH) for field in (_INPUT, _OUTPUT) for port in messages(data, graph, field)]
            return frozenset(text(data, port, 1) for port in ports if _is_shaped(data, port))
    except UNREADABLE:
        return frozenset()


def _is_shaped(data: Bytes, port: Span) -> bool:
    """ValueInfoProto.type, of which TypeProto.tensor_type, of which Tensor.shape."""
    return any(messages(data, tensor, 2) for kind in messages(data, port, 2) for tensor in messages(data, kind, 1))
