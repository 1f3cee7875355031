"""The tables of a FlatBuffers message, read where they lie.

    table ─▶ its field table (lengths and offsets, 16 bits each) ─▶ field: a number in place, or the distance to a text, a vector, a table

A field that was not written has its default; fields that a newer writer added lie behind the known ones. Every read is bounded by the message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Table:
    """One table: fields are named by their numbers in the schema. Every method raises ValueError where the message is damaged."""

    message: bytes
    at: int

    @staticmethod
    def root(message: bytes) -> Table:
        """Return the table that the message begins with."""
        return Table(message, _unpack("<I", message, 0))

    def number(self, field: int, code: str, default: float) -> Any:
        """Return a number, `code` as in struct: "i" int32, "d" float64, "b" int8, "?" bool."""
        at = self._place(field)
        return _unpack(f"<{code}", self.message, at) if at else default

    def text(self, field: int) -> str:
        """Return a text, "" where there is none."""
        return self.array(field, "u1").tobytes().decode("utf-8", "replace")

    def array(self, field: int, dtype: str) -> np.ndarray[Any, Any]:
        """Return a vector of numbers, [length] or what the dtype's own shape makes of it."""
        start, length = self._vector(field)
        if not length:
            return np.empty(0, dtype)
        return np.frombuffer(self.message, dtype, length, start)

    def table(self, field: int) -> Table | None:
        """Return a table, None where there is none."""
        at = self._place(field)
        return self._follow(at) if at else None

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables."""
        start, length = self._vector(field)
        if length > len(self.message) // 4:
            raise ValueError(f"a vector of {length} tables is longer than the message")
        return [self._follow(start + 4 * each) for each in range(length)]

    def _vector(self, field: int) -> tuple[int, int]:
        """Return where a vector's elements begin, and how many they are."""
        at = self._place(field)
        if not at:
            return 0, 0
        start = self._follow(at).at
        return start + 4, _unpack("<I", self.message, start)

    def _place(self, field: int) -> int:
        """Return where a field's value lies, 0 where it was not written."""
        fields = self.at - _unpack("<i", self.message, self.at)
        if 4 + 2 * field >= _unpack("<H", self.message, fields):
            return 0
        offset = _unpack("<H", self.message, fields + 4 + 2 * field)
        return self.at + offset if offset else 0

    def _follow(self, at: int) -> Table:
        return Table(self.message, at + _unpack("<I", self.message, at))


def _unpack(code: str, message: bytes, at: int) -> Any:
    if not 0 <= at <= len(message) - struct.calcsize(code):
        raise ValueError(f"an offset points to byte {at} of {len(message)}")
    return struct.unpack_from(code, message, at)[0]
