"""Universal Binary JSON as XGBoost writes it: objects, lists, text, numbers big-endian, and typed arrays that NumPy reads in one go.

    {  U 3 f o o  i -2  }        an object: a name is its length and its bytes, a value its marker and its bytes
    [ $ d # L 2  … … ]           an array of two float32: after the count comes nothing but numbers

Typed objects, which the format allows too, it does not write.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_DTYPES = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_WORDS = {b"T": True, b"F": False, b"Z": None}
_DEEPEST = 64  # XGBoost's own models are 8 deep


def read(content: bytes) -> Any:
    """Return the value of a document; raises ValueError where it is cut off or damaged."""
    reader = _Reader(content)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(content):
        raise ValueError(f"{len(content) - reader.at} bytes follow its end")
    return value


class _Reader:
    """A place in the bytes, which every reading moves on."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if not 0 <= count <= len(self.content) - self.at:
            raise ValueError(f"byte {self.at}: {count} bytes are announced, {len(self.content) - self.at} are there")
        self.at += count
        return self.content[self.at - count : self.at]

    def marker(self) -> bytes:
        """Return the next marker; no-op markers are passed over."""
        while (found := self.take(1)) == b"N":
            pass
        return found

    def comes(self, marker: bytes) -> bool:
        """Tell whether the next byte is this one, and pass it if so."""
        if self.content[self.at : self.at + 1] != marker:
            return False
        self.at += 1
        return True

    def number(self, marker: bytes) -> Any:
        """Return one number of the marker's type."""
        dtype = self._dtype(marker)
        return np.frombuffer(self.take(dtype.itemsize), dtype)[0].item()

    def count(self) -> int:
        """Return a length."""
        found = self.number(self.marker())
        if not isinstance(found, int) or found < 0:
            raise ValueError(f"byte {self.at}: {found} is no length")
        return found

    def text(self) -> str:
        """Return a text, its length first."""
        return self.take(self.count()).decode("utf-8")

    def value(self, marker: bytes, depth: int) -> Any:
        """Return the value that a marker begins."""
        if depth > _DEEPEST:
            raise ValueError(f"byte {self.at}: it is nested more than {_DEEPEST} deep")
        if marker == b"{":
            return self._object(depth)
        if marker == b"[":
            return self._array(depth)
        if marker == b"S":
            return self.text()
        if marker == b"C":
            return self.take(1).decode("ascii")
        return _WORDS[marker] if marker in _WORDS else self.number(marker)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.comes(b"}"):
            name = self.text()
            found[name] = self.value(self.marker(), depth + 1)
        return found

    def _array(self, depth: int) -> Any:
        dtype = self._dtype(self.marker()) if self.comes(b"$") else None
        if self.comes(b"#"):
            count = self.count()
            if dtype is not None:
                return np.frombuffer(self.take(count * dtype.itemsize), dtype).astype(dtype.newbyteorder("="))
            return [self.value(self.marker(), depth + 1) for _ in range(count)]
        found = []
        while not self.comes(b"]"):
            found.append(self.value(self.marker(), depth + 1))
        return found

    def _dtype(self, marker: bytes) -> np.dtype[Any]:
        if marker not in _DTYPES:
            raise ValueError(f"byte {self.at - 1}: {marker!r} begins no value")
        return np.dtype(_DTYPES[marker])
