"""Protobuf's wire format for ONNX nodes, written with NumPy: packed arrays in place of one object a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.protobuf import encoded, encoded_number

_CHUNK = 1 << 16  # numbers encoded at a time: the work stays in the cache
_FLOATS, _INTS, _STRINGS, _INT, _TENSOR = 6, 7, 8, 2, 4  # AttributeProto.AttributeType
_TENSOR_TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.float64): 11}  # TensorProto.DataType


def node(operator: str, domain: str, inputs: tuple[str, ...], outputs: tuple[str, ...], *attributes: bytes) -> bytes:
    """A NodeProto."""
    named = [encoded(1, each.encode()) for each in inputs] + [encoded(2, each.encode()) for each in outputs]
    return b"".join([*named, encoded(4, operator.encode()), encoded(7, domain.encode()), *(encoded(5, each) for each in attributes)])


def ints(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute of whole numbers, [n], none negative."""
    return encoded(1, name.encode()) + encoded(8, varints(values)) + encoded_number(20, _INTS)


def integer(name: str, value: int) -> bytes:
    """An attribute of one whole number."""
    return encoded(1, name.encode()) + encoded_number(3, value) + encoded_number(20, _INT)


def floats(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute of float32 numbers, [n]."""
    return encoded(1, name.encode()) + encoded(7, np.ascontiguousarray(values, "<f4").tobytes()) + encoded_number(20, _FLOATS)


def tensor(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute that holds a tensor of float32, float64 or uint8, [n]."""
    raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    content = encoded_number(1, len(values)) + encoded_number(2, _TENSOR_TYPES[values.dtype]) + encoded(8, name.encode()) + encoded(9, raw)
    return encoded(1, name.encode()) + encoded(5, content) + encoded_number(20, _TENSOR)


def choices(name: str, words: tuple[bytes, bytes], chosen: np.ndarray[Any, Any]) -> bytes:
    """An attribute of strings, [n]: of two words the one that is chosen, 0 or 1."""
    fields = [encoded(9, word) for word in words]
    lengths = np.array([len(field) for field in fields])
    table = np.zeros((2, lengths.max()), np.uint8)
    for row, field in zip(table, fields, strict=True):
        row[: len(field)] = np.frombuffer(field, np.uint8)
    which = chosen.astype(np.intp)
    is_there = np.arange(table.shape[1]) < lengths[:, None]
    written: bytes = table[which][is_there[which]].tobytes()
    return encoded(1, name.encode()) + written + encoded_number(20, _STRINGS)


def varints(values: np.ndarray[Any, Any]) -> bytes:
    """Numbers of seven bits a byte, the lowest first; a set eighth bit says that more follow."""
    largest = int(values.max(initial=0))
    if largest < 1 << 7:
        return values.astype(np.uint8).tobytes()
    unsigned = values.astype(np.uint32 if largest < 1 << 32 else np.uint64)
    width = -(-largest.bit_length() // 7)
    return b"".join(_chunk(unsigned[start : start + _CHUNK], width) for start in range(0, len(unsigned), _CHUNK))


def _chunk(values: np.ndarray[Any, Any], width: int) -> bytes:
    table = np.empty((len(values), width), np.uint8)
    is_there = np.ones((len(values), width), bool)
    for place in range(width):
        rest = values >> (7 * place)
        follows = rest >= 1 << 7
        table[:, place] = (rest & 0x7F).astype(np.uint8) | follows.view(np.uint8) << 7
        if place + 1 < width:
            is_there[:, place + 1] = follows
    return table[is_there].tobytes()
