"""DLPack capsules, read and written through ctypes, so that every dtype and every device passes without any array library.

A capsule points to a C structure: pointer, device, shape, strides, dtype, and a deleter. Who takes the capsule renames it and calls the deleter
at the end. `read` only looks: as long as the capsule is kept it keeps the producer's memory alive, and dropped unconsumed it calls the deleter.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from converter.runtime.arrays.places import Place

_FRESH = b"dltensor"

_NUMPY_CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
_ML_CODES = {
    "bfloat16": 4,
    "float8_e4m3fn": 10,
    "float8_e4m3fnuz": 11,
    "float8_e5m2": 12,
    "float8_e5m2fnuz": 13,
}
_NAMES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16", "b1")
_NUMPY = {(_NUMPY_CODES[name[0]], int(name[1:]) * 8): name for name in _NAMES}
_ML_NAMES = {code: name for name, code in _ML_CODES.items()}


class Contents(NamedTuple):
    """What a capsule says: strides count elements, None for contiguous memory in C order."""

    pointer: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    dtype: np.dtype[Any]
    place: Place


def read(capsule: object) -> Contents:
    """Look into a capsule without taking it.

    Raises:
        BufferError: the capsule was taken already, or holds a dtype that NumPy and ml_dtypes do not know.
    """
    try:
        address = _get_pointer(capsule, _FRESH)
    except ValueError as error:
        raise BufferError("the DLPack capsule is not a fresh one") from error
    tensor = _Tensor.from_address(address)
    shape = tuple(tensor.shape[: tensor.ndim]) if tensor.ndim else ()
    strides = tuple(tensor.strides[: tensor.ndim]) if tensor.ndim and tensor.strides else None
    place = Place(tensor.device.kind, tensor.device.index)
    return Contents((tensor.data or 0) + tensor.byte_offset, shape, strides, _dtype(tensor.dtype), place)


def write(contents: Contents, owner: object) -> object:
    """Make a capsule that keeps the owner alive until its consumer has done with it.

    Raises:
        BufferError: DLPack has no such dtype.
    """
    managed = _Managed()
    lengths = (ctypes.c_int64 * max(len(contents.shape), 1))(*contents.shape)
    tensor = managed.tensor
    tensor.data, tensor.byte_offset = contents.pointer, 0
    tensor.device.kind, tensor.device.index = contents.place
    tensor.dtype.code, tensor.dtype.bits, tensor.dtype.lanes = _code(contents.dtype), contents.dtype.itemsize * 8, 1
    tensor.ndim, tensor.shape = len(contents.shape), ctypes.cast(lengths, ctypes.POINTER(ctypes.c_int64))
    strides = c_strides(contents.shape) if contents.strides is None else contents.strides
    steps = (ctypes.c_int64 * max(len(strides), 1))(*strides)
    tensor.strides = ctypes.cast(steps, ctypes.POINTER(ctypes.c_int64))
    managed.deleter = ctypes.cast(_release, ctypes.c_void_p)
    address = ctypes.addressof(managed)
    _held[address] = (managed, lengths, steps, owner)
    return _new_capsule(address, _FRESH, ctypes.cast(_discard, ctypes.c_void_p))


def c_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of contiguous memory in C order."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))


class _Device(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int32), ("index", ctypes.c_int32))


class _DType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _DType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class _Managed(ctypes.Structure):
    _fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    function: Any = ctypes.pythonapi[name]
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


_get_pointer = _function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_new_capsule = _function("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
# A capsule that is being destroyed must not become a Python object again: its address travels as a number.
_is_fresh = _function("PyCapsule_IsValid", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
_dying_pointer = _function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)

_held: dict[int, tuple[object, ...]] = {}


def _free(address: int, held: dict[int, tuple[object, ...]] = _held) -> None:
    held.pop(address, None)


def _free_unconsumed(
    capsule: int,
    held: dict[int, tuple[object, ...]] = _held,
    is_fresh: Callable[..., Any] = _is_fresh,
    pointer: Callable[..., Any] = _dying_pointer,
) -> None:
    if is_fresh(capsule, b"dltensor"):
        held.pop(pointer(capsule, b"dltensor"), None)


_release: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_free)
_discard: Any = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_free_unconsumed)

# Tensors may outlive this module while the interpreter ends; the two functions must outlive every tensor.
for _immortal in (_release, _discard):
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_immortal))


def _code(dtype: np.dtype[Any]) -> int:
    code = _ML_CODES.get(dtype.name, _NUMPY_CODES.get(dtype.kind))
    if code is None or not dtype.isnative:
        raise BufferError(f"DLPack has no dtype {dtype}")
    return code


def _dtype(dtype: _DType) -> np.dtype[Any]:
    code, bits, lanes = dtype.code, dtype.bits, dtype.lanes
    known: Any = getattr(ml_dtypes, _ML_NAMES[code]) if code in _ML_NAMES else _NUMPY.get((code, bits))
    if known is None or lanes != 1:
        raise BufferError(f"DLPack dtype {code} of {bits} bits and {lanes} lanes has no NumPy dtype")
    dtype_found: np.dtype[Any] = np.dtype(known)
    return dtype_found
