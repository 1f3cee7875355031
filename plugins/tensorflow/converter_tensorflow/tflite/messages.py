"""Values over a pipe between two processes: a line of JSON, then the bytes of its arrays.

Nothing in a message is code, so a process that reads an untrusted model cannot make the other one execute anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import numpy as np


def send(stream: IO[bytes], document: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Write a document of JSON values, and arrays of any dtype but object beside it."""
    packed = {name: np.asarray(array, order="C") for name, array in (arrays or {}).items()}
    headers = [[name, array.dtype.str, list(array.shape)] for name, array in packed.items()]
    stream.write(json.dumps({"document": document, "arrays": headers}).encode() + b"\n")
    stream.writelines(array.tobytes() for array in packed.values())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `send` wrote; raises EOFError where the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    message = json.loads(line)
    return message["document"], {name: _array(stream, np.dtype(dtype), tuple(shape)) for name, dtype, shape in message["arrays"]}


def _array(stream: IO[bytes], dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return np.frombuffer(content, dtype).reshape(shape)
