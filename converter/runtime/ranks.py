"""Which inputs and outputs of a graph declare a shape at all.

ONNX Runtime shows the dims `[]` for a scalar and for an unknown rank alike, and takes a matrix for a declared scalar without a word. The graph's
own bytes tell them apart: the tensor type of an input has a shape (field 2), which may be empty, or has none.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Bytes = bytes | mmap.mmap

# Field numbers of onnx.proto: ModelProto.graph, GraphProto.input and output.
_GRAPH, _INPUT, _OUTPUT = 7, 11, 12


def shaped_ports(source: Path | bytes) -> frozenset[str]:
    """Names of the inputs and outputs that declare a shape; none where the bytes are in another format than ONNX."""
    if isinstance(source, bytes):
        return _shaped(source)
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return _shaped(mapped)


def _shaped(data: Bytes) -> frozenset[str]:
    try:
        graphs = _messages(data, _Span(0, len(data)), _GRAPH)
        ports = [port for graph in graphs for field in (_INPUT, _OUTPUT) for port in _messages(data, graph, field)]
        return frozenset(_name(data, port) for port in ports if _is_shaped(data, port))
    except (IndexError, ValueError):
        return frozenset()


class _Span(NamedTuple):
    start: int
    end: int


def _is_shaped(data: Bytes, port: _Span) -> bool:
    """ValueInfoProto.type, of which TypeProto.tensor_type, of which Tensor.shape."""
    return any(_messages(data, tensor, 2) for kind in _messages(data, port, 2) for tensor in _messages(data, kind, 1))


def _name(data: Bytes, port: _Span) -> str:
    return "".join(data[span.start : span.end].decode() for span in _messages(data, port, 1))


def _messages(data: Bytes, within: _Span, wanted: int) -> list[_Span]:
    return [span for field, span in _fields(data, within) if field == wanted]


def _fields(data: Bytes, within: _Span) -> Iterator[tuple[int, _Span]]:
    """The length-delimited fields of a protobuf message; the others are stepped over."""
    at = within.start
    while at < within.end:
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                _, at = _varint(data, at)
            case 1:
                at += 8
            case 2:
                length, at = _varint(data, at)
                yield key >> 3, _Span(at, at + length)
                at += length
            case 5:
                at += 4
            case kind:
                raise ValueError(f"no protobuf: wire type {kind}")


def _varint(data: Bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
