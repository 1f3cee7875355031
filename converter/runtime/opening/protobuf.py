"""Just enough of protobuf to read what a graph's bytes declare, without loading the graph and without the onnx package.

Fields that nobody asks for are stepped over, so a file of many gigabytes costs what its number of nodes costs.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Bytes = bytes | mmap.mmap
UNREADABLE = (IndexError, ValueError)
"""What reading raises where the bytes are cut short, or in another format."""


class Span(NamedTuple):
    """Where a message or a text lies in the bytes."""

    start: int
    end: int


@contextlib.contextmanager
def opened(source: Path | bytes) -> Iterator[Bytes]:
    """The bytes of a file, or the bytes given."""
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def whole(data: Bytes) -> Span:
    """The outermost message."""
    return Span(0, len(data))


def messages(data: Bytes, within: Span, wanted: int) -> list[Span]:
    """The messages, or texts, of one field."""
    return [value for field, value in _fields(data, within) if field == wanted and isinstance(value, Span)]


def numbers(data: Bytes, within: Span, wanted: int) -> list[int]:
    """The whole numbers of one field, as int64."""
    found = [value for field, value in _fields(data, within) if field == wanted and isinstance(value, int)]
    return [value - (1 << 64) if value >> 63 else value for value in found]


def text(data: Bytes, within: Span, wanted: int) -> str:
    """The text of one field; empty where it is not there."""
    return "".join(data[span.start : span.end].decode() for span in messages(data, within, wanted))


def _fields(data: Bytes, within: Span) -> Iterator[tuple[int, Span | int]]:
    """The numbers and length-delimited fields of a message; the others are stepped over."""
    at = within.start
    while at < within.end:
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
            case 1:
                at += 8
            case 2:
                length, at = _varint(data, at)
                yield key >> 3, Span(at, at + length)
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
