"""Protobuf's wire format for ONNX nodes, written with NumPy: packed arrays in place of one object a number."""

from __future__ import annotations

from typing import Any

import numpy as np

_VARINT, _BYTES = 0, 2  # wire types
_CHUNK = 1 << 16  # numbers encoded at a time: the work stays in the cache
_FLOATS, _INTS, _STRINGS, _INT, _TENSOR = 6, 7, 8, 2, 4  # AttributeProto.AttributeType
_TENSOR_TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.float64): 11}  # TensorProto.DataType


def message(field: int, payload: bytes) -> bytes:
    """A length-delimited field: a message, a string, bytes, or packed numbers."""
    return head(field, len(payload)) + payload


def head(field: int, length: int) -> bytes:
    """What goes before the payload of a length-delimited field."""
    return _varint(field << 3 | _BYTES) + _varint(length)


def number(field: int, value: int) -> bytes:
    """A field of one number that is not negative."""
    return _varint(field << 3 | _VARINT) + _varint(value)


def node(operator: str, domain: str, inputs: tuple[str, ...], outputs: tuple[str, ...], *attributes: bytes) -> bytes:
    """A NodeProto."""
    named = [message(1, each.encode()) for each in inputs] + [message(2, each.encode()) for each in outputs]
    return b"".join([*named, message(4, operator.encode()), message(7, domain.encode()), *(message(5, each) for each in attributes)])


def ints(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute of whole numbers, [n], none negative."""
    return message(1, name.encode()) + message(8, varints(values)) + number(20, _INTS)


def integer(name: str, value: int) -> bytes:
    """An attribute of one whole number."""
    return message(1, name.encode()) + number(3, value) + number(20, _INT)


def floats(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute of float32 numbers, [n]."""
    return message(1, name.encode()) + message(7, np.ascontiguousarray(values, "<f4").tobytes()) + number(20, _FLOATS)


def tensor(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """An attribute that holds a tensor of float32, float64 or uint8, [n]."""
    raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    content = number(1, len(values)) + number(2, _TENSOR_TYPES[values.dtype]) + message(8, name.encode()) + message(9, raw)
    return message(1, name.encode()) + message(5, content) + number(20, _TENSOR)


def choices(name: str, words: tuple[bytes, bytes], chosen: np.ndarray[Any, Any]) -> bytes:
    """An attribute of strings, [n]: of two words the one that is chosen, 0 or 1."""
    fields = [message(9, word) for word in words]
    lengths = np.array([len(field) for field in fields])
    table = np.zeros((2, lengths.max()), np.uint8)
    for row, field in zip(table, fields, strict=True):
        row[: len(field)] = np.frombuffer(field, np.uint8)
    which = chosen.astype(np.intp)
    is_there = np.arange(table.shape[1]) < lengths[:, None]
    written: bytes = table[which][is_there[which]].tobytes()
    return message(1, name.encode()) + written + number(20, _STRINGS)


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


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= 1 << 7:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
