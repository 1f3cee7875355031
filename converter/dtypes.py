"""The names of ONNX's element types, and the NumPy dtypes that hold them.

Names are ONNX's with NumPy's spelling of the floats ("float32", not "float"); source: onnx.TensorProto.DataType.
A string tensor is a NumPy array of dtype object whose items are `str`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

NATIVE = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)
EXTENDED = ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")  # NumPy holds them through ml_dtypes
STRING = "string"
ALL = (*NATIVE, *EXTENDED, STRING)
_ALIASES = {"float": "float32", "double": "float64", "half": "float16", "str": STRING, "int": "int64", "long": "int64"}
_ALIASES |= {name.replace("_", ""): name for name in EXTENDED}  # ONNX writes FLOAT8E4M3FN


def canonical(name: str) -> str:
    """Return the name used here for a dtype name of ONNX, NumPy or torch; raises ValueError for an unknown one."""
    plain = name.removeprefix("torch.")
    found = _ALIASES.get(plain, plain)
    if found not in ALL:
        raise ValueError(f"unknown dtype '{name}'")
    return found


def numpy_dtype(name: str) -> np.dtype:
    """Return the NumPy dtype that holds values of the named type (object for strings)."""
    if name == STRING:
        return np.dtype(object)
    if name in EXTENDED:
        import ml_dtypes

        extended: np.dtype = np.dtype(getattr(ml_dtypes, name))
        return extended
    return np.dtype(name)


def name_of(dtype: npt.DTypeLike) -> str:
    """Return the name of a NumPy dtype; every kind of text is "string". Raises ValueError for a dtype that ONNX lacks."""
    found = np.dtype(dtype)
    return STRING if found.kind in "OUST" else canonical(found.name)


def onnx_name(name: str) -> str:
    """Return the name that ONNX's TensorProto.DataType has for a type: "FLOAT", "FLOAT8E4M3FN"."""
    return {"float32": "FLOAT", "float64": "DOUBLE"}.get(name, name.replace("_", "").upper())


def is_float(name: str) -> bool:
    """Tell whether values of the named type are compared with a tolerance."""
    return name.startswith(("float", "bfloat", "complex"))
