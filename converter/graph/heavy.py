"""Attributes of millions of numbers, kept as the bytes that they are while the graph around them is put in order.

    file ─ take_out ─▶ skeleton: the same graph, each heavy attribute a short text ─▶ … ─▶ finished skeleton ─ put_back ─▶ file

A forest is a few nodes whose attributes say everything. Read into objects, 45 MB of it take 850 MB and four seconds, and come out as 60 MB, since
onnx writes repeated numbers one field each. None of the finish stage's work is about what such an attribute says: its node may be renamed, moved or dropped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from converter import protobuf
from converter.protobuf import Bytes, Field, Piece, Span

HEAVY = 64 << 10  # bytes that make a node heavy
LIGHT = 4 << 10  # bytes that an attribute of a heavy node may have and stay

# Field numbers of onnx.proto.
_GRAPH, _FUNCTIONS = 7, 25  # of ModelProto
_NODE = 1  # of GraphProto
_OP_TYPE, _ATTRIBUTE = 4, 5  # of NodeProto
_NAME, _TEXT, _TENSOR, _FLOATS, _INTS, _TEXTS, _TYPE = 1, 4, 5, 7, 8, 9, 20  # of AttributeProto
_OPAQUE = {_TENSOR, _FLOATS, _INTS, _TEXTS}  # what an attribute may hold that refers to nothing else in the graph
_STRING = 3  # of AttributeProto.type
_TOKEN = b"converter.heavy."
_LONGEST_TOKEN = 1 << 10  # bytes of an attribute that holds a token, its name included
_READ = {"Constant"}  # whose attributes become weights


@dataclass(frozen=True)
class Heavy:
    """The heavy attributes of the file at `path`, by the token that stands for each."""

    path: Path
    spans: Mapping[bytes, Span]

    @property
    def size(self) -> int:
        """How many bytes they take together."""
        return sum(span.size for span in self.spans.values())

    def put_back(self, skeleton: bytes, path: Path) -> None:
        """Write a skeleton to `path` with its heavy attributes as they were, byte for byte; one whose node is gone stays out."""
        fresh = path.with_suffix(".whole")  # `path` may be the very file that they lie in
        with protobuf.opened(self.path) as data, fresh.open("wb") as file:
            for piece in _in_nodes(skeleton, partial(self._restored, data)) or [protobuf.of_bytes(skeleton)]:
                file.write(piece.read())
        os.replace(fresh, path)

    def _restored(self, data: Bytes, skeleton: Bytes, node: Span) -> list[Piece] | None:
        def attribute(found: Field) -> list[Piece] | None:
            if found.number != _ATTRIBUTE or found.value.size > _LONGEST_TOKEN:
                return None
            token = b"".join(skeleton[span.start : span.end] for span in protobuf.messages(skeleton, found.value, _TEXT))
            return [Piece(data, self.spans[token])] if token in self.spans else None

        return protobuf.replaced(skeleton, node, attribute)


def take_out(path: Path) -> tuple[bytes, Heavy] | None:
    """Return the skeleton of an ONNX file, and what was taken out of it; None where nothing is heavy, or the file is no ONNX.

    Attributes within subgraphs stay, and so do those of a graph with functions: inlining gives an attribute another name.
    """
    spans: dict[bytes, Span] = {}
    try:
        with protobuf.opened(path) as data:
            if protobuf.messages(data, protobuf.whole(data), _FUNCTIONS):
                return None
            pieces = _in_nodes(data, partial(_lightened, spans))
            return (b"".join(piece.read() for piece in pieces), Heavy(path, spans)) if pieces is not None else None
    except protobuf.UNREADABLE:
        return None


def _in_nodes(data: Bytes, change: Callable[[Bytes, Span], list[Piece] | None]) -> list[Piece] | None:
    """The bytes of a model with its main graph's nodes changed."""

    def graph(found: Field) -> list[Piece] | None:
        return protobuf.replaced(data, found.value, node) if found.number == _GRAPH else None

    def node(found: Field) -> list[Piece] | None:
        return change(data, found.value) if found.number == _NODE else None

    return protobuf.replaced(data, protobuf.whole(data), graph)


def _lightened(spans: dict[bytes, Span], data: Bytes, node: Span) -> list[Piece] | None:
    """A node without its heavy attributes, which are added to `spans`; None for one that is light, or whose attributes are read."""
    if node.size <= HEAVY or protobuf.text(data, node, _OP_TYPE) in _READ:
        return None

    def attribute(found: Field) -> list[Piece] | None:
        return _token(spans, data, found.value) if found.number == _ATTRIBUTE and found.value.size > LIGHT else None

    return protobuf.replaced(data, node, attribute)


def _token(spans: dict[bytes, Span], data: Bytes, attribute: Span) -> list[Piece] | None:
    """An attribute of the same name that holds a token; None for one that may hold a graph.

    Only the first two fields are looked at, since each number may be a field of its own; every writer begins with the name.
    """
    name, held = islice(protobuf.fields(data, attribute), 2)
    if name.number != _NAME or held.number not in _OPAQUE:
        return None
    token = b"%s%d" % (_TOKEN, len(spans))
    spans[token] = attribute
    written = protobuf.encoded(_TEXT, token) + protobuf.encoded_number(_TYPE, _STRING)
    return [Piece(data, Span(attribute.start, name.value.end)), protobuf.of_bytes(written)]
