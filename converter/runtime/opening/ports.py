"""The declared inputs and outputs of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

STRING = np.dtype(object)

# ONNX Runtime's names and onnx.TensorProto.DataType's numbers of the dtypes that ONNX Runtime exchanges with Python.
_ELEMENTS: dict[str, tuple[int, np.dtype[Any]]] = {
    "float": (1, np.dtype(np.float32)),
    "uint8": (2, np.dtype(np.uint8)),
    "int8": (3, np.dtype(np.int8)),
    "uint16": (4, np.dtype(np.uint16)),
    "int16": (5, np.dtype(np.int16)),
    "int32": (6, np.dtype(np.int32)),
    "int64": (7, np.dtype(np.int64)),
    "string": (8, STRING),
    "bool": (9, np.dtype(np.bool_)),
    "float16": (10, np.dtype(np.float16)),
    "double": (11, np.dtype(np.float64)),
    "uint32": (12, np.dtype(np.uint32)),
    "uint64": (13, np.dtype(np.uint64)),
    "bfloat16": (16, np.dtype(ml_dtypes.bfloat16)),
    "float8e4m3fn": (17, np.dtype(ml_dtypes.float8_e4m3fn)),
    "float8e4m3fnuz": (18, np.dtype(ml_dtypes.float8_e4m3fnuz)),
    "float8e5m2": (19, np.dtype(ml_dtypes.float8_e5m2)),
    "float8e5m2fnuz": (20, np.dtype(ml_dtypes.float8_e5m2fnuz)),
}

Dim = int | str | None


@dataclass(frozen=True)
class Port:
    """One declared input or output.

    `dtype` is `object` for strings and None where the value is no dense tensor or its dtype does not pass between ONNX Runtime and NumPy.
    `dims` holds a length, an axis name or None for each dimension.
    """

    name: str
    type: str
    """ONNX Runtime's words: tensor(float), seq(tensor(int64))."""
    dtype: np.dtype[Any] | None
    dims: tuple[Dim, ...]
    is_shaped: bool
    """Whether the graph declares a shape: with it the dims `()` are those of a scalar, without it any rank will do."""
    element: int
    """onnx.TensorProto.DataType; 0 where dtype is None."""

    @property
    def is_string(self) -> bool:
        """Whether it holds text."""
        return self.dtype == STRING

    @property
    def is_optional(self) -> bool:
        """Whether the graph runs without it."""
        return self.type.startswith("optional")

    @property
    def is_bindable(self) -> bool:
        """Whether it is numbers in memory; ONNX Runtime binds neither strings nor sequences."""
        return self.dtype is not None and not self.is_string

    @property
    def is_native(self) -> bool:
        """Whether NumPy itself has the dtype; ONNX Runtime's plain call refuses bfloat16 and float8."""
        return self.dtype is not None and (self.is_string or self.dtype.isbuiltin == 1)

    @property
    def dtype_name(self) -> str:
        """The dtype as users write it: float32, bfloat16, string; ONNX Runtime's type where it is no dense tensor."""
        return "string" if self.is_string else self.type if self.dtype is None else str(self.dtype)

    def __str__(self) -> str:
        return f"{self.name} {self.dtype_name} {shown_dims(self.dims)}" if self.is_shaped else f"{self.name} {self.dtype_name}"


def dtype_of(type_name: str) -> tuple[int, np.dtype[Any] | None]:
    """The number and the dtype of `tensor(float)` and its like; 0 and None where it is no dense tensor, or its dtype does not pass."""
    return _ELEMENTS.get(type_name.removeprefix("tensor(").removesuffix(")"), (0, None))


def read_port(declared: Any, shaped: frozenset[str]) -> Port:
    """Make a Port of ONNX Runtime's NodeArg; `shaped` names the ports that declare a shape."""
    element, dtype = dtype_of(declared.type)
    dims = tuple(declared.shape)
    return Port(declared.name, declared.type, dtype, dims, bool(dims) or declared.name in shaped, element)


def shown_dims(dims: tuple[Dim, ...]) -> str:
    """Dims as a user reads them: [batch, 3, ?]."""
    return f"[{', '.join('?' if dim is None else str(dim) for dim in dims)}]"
