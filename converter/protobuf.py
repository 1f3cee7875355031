"""Just enough of protobuf to read what a graph's bytes declare, and to replace some of them, without loading the graph and without the onnx package.

Fields that nobody asks for are stepped over, so a file of many gigabytes costs what its number of nodes costs.
Source: protobuf's encoding guide. A field is a key (its number and its kind) and what follows it; a message is its fields one after the other.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Bytes = bytes | mmap.mmap
UNREADABLE = (IndexError, ValueError)
"""What reading raises where the bytes are cut short, or in another format."""

_NUMBER, _LENGTH = 0, 2
_FIXED = {1: 8, 5: 4}  # kinds whose values take so many bytes


class Span(NamedTuple):
    """Where a message or a text lies in the bytes."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.end - self.start


class Field(NamedTuple):
    """One field of a message: its number, the kind of its value, where its key starts, and where its value lies."""

    number: int
    kind: int
    start: int
    value: Span

    @property
    def is_message(self) -> bool:
        """Whether the value is a message, a text, or packed numbers."""
        return self.kind == _LENGTH


class Piece(NamedTuple):
    """Bytes that are written sooner or later, and until then lie where they are."""

    data: Bytes
    span: Span

    def read(self) -> bytes:
        """The bytes themselves."""
        return self.data[self.span.start : self.span.end]


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
    return [field.value for field in fields(data, within) if field.number == wanted and field.is_message]


def numbers(data: Bytes, within: Span, wanted: int) -> list[int]:
    """The whole numbers of one field, as int64."""
    found = [_varint(data, field.value.start)[0] for field in fields(data, within) if field.number == wanted and field.kind == _NUMBER]
    return [value - (1 << 64) if value >> 63 else value for value in found]


def text(data: Bytes, within: Span, wanted: int) -> str:
    """The text of one field; empty where it is not there."""
    return "".join(data[span.start : span.end].decode() for span in messages(data, within, wanted))


def fields(data: Bytes, within: Span) -> Iterator[Field]:
    """Every field of a message, in the order of the bytes."""
    start = within.start
    while start < within.end:
        key, at = _varint(data, start)
        kind = key & 7
        if kind == _LENGTH:
            length, at = _varint(data, at)
            end = at + length
        elif kind == _NUMBER:
            end = _varint(data, at)[1]
        elif kind in _FIXED:
            end = at + _FIXED[kind]
        else:
            raise ValueError(f"no protobuf: wire type {kind}")
        if end > within.end:
            raise IndexError("a field is cut short")
        yield Field(key >> 3, kind, start, Span(at, end))
        start = end


def encoded(number: int, value: bytes) -> bytes:
    """A field that is a message, a text, or packed numbers."""
    return head(number, len(value)) + value


def encoded_number(number: int, value: int) -> bytes:
    """A field that is a whole number, not negative."""
    return _written(number << 3 | _NUMBER) + _written(value)


def head(number: int, length: int) -> bytes:
    """What goes before a message, a text, or packed numbers of so many bytes."""
    return _written(number << 3 | _LENGTH) + _written(length)


def replaced(data: Bytes, within: Span, change: Callable[[Field], list[Piece] | None]) -> list[Piece] | None:
    """Return a message with other values for some of its messages and texts, byte for byte the same elsewhere; None where nothing is to be changed.

    `change` gives a field's new value, or None for one that stays. The order of the fields is kept.
    """
    pieces: list[Piece] = []
    kept = within.start
    for field in fields(data, within):
        value = change(field) if field.is_message else None
        if value is not None:
            pieces += [Piece(data, Span(kept, field.start)), of_bytes(head(field.number, size_of(value))), *value]
            kept = field.value.end
    return [*pieces, Piece(data, Span(kept, within.end))] if pieces else None


def of_bytes(value: bytes) -> Piece:
    """Bytes in memory as a piece."""
    return Piece(value, whole(value))


def size_of(pieces: Iterable[Piece]) -> int:
    """How many bytes the pieces take together."""
    return sum(piece.span.size for piece in pieces)


def _written(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def _varint(data: Bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
