"""Traced tensors: what a Keras model computes with while its graph is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from converter.writing import Value
from converter_tensorflow.tracing.rules import Inexpressible

Shape = tuple[int | None, ...]
"""Dims; None is a free one."""

_KERNELS = {"int8": "int32", "int16": "int32", "uint8": "int32", "uint16": "int32", "uint32": "int64", "bfloat16": "float32"}
"""The dtypes in which ONNX Runtime's CPU computes what it has few kernels for; casting back wraps and rounds as TensorFlow does."""


class Dims(tuple[int | None, ...]):
    """A shape, with what code that was written for TensorFlow asks of one."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        """How many axes there are."""
        return len(self)

    @property
    def ndims(self) -> int:
        """How many axes there are."""
        return len(self)

    def as_list(self) -> list[int | None]:
        """Its dims."""
        return list(self)


class Traced:
    """A tensor of the graph, with what Keras's layers ask of one: its shape, its dtype and Python's operators, which are TensorFlow's.

    An image between convolutions is held channels first, as ONNX has it, whatever the model thinks: it is turned when something asks
    for it channels last, and steps that treat all elements alike do not.
    """

    __array_ufunc__ = None  # so that `array - tensor` is asked of the tensor
    __array_priority__ = 1e4
    __hash__ = object.__hash__

    def __init__(self, value: Value, shape: Iterable[int | None], *, first: bool = False) -> None:
        self.shape = Dims(shape)
        self.is_first = first and len(self.shape) > 2
        self._value = value
        self.wide: Value | None = None  # of a size: the int64 that it was cast from
        self.size_of: tuple[Traced, int] | None = None  # of a size: the tensor and the axis that it is the size of
        self.reversed: tuple[int, Traced] | None = None  # the axis and the tensor that this one is the reverse of

    @property
    def dtype(self) -> str:
        """The name of the dtype of its elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def value(self) -> Value:
        """Its value in the order of `shape`."""
        return self._value.transposed(0, *range(2, self.ndim), 1) if self.is_first else self._value

    @property
    def first(self) -> Value:
        """Its value with the last axis, the channels, behind the first one."""
        return self._value if self.is_first else self._value.transposed(0, self.ndim - 1, *range(1, self.ndim - 1))

    def mapped(self, operation: Callable[[Value], Value]) -> Traced:
        """Return what an operation makes of it that treats all elements alike."""
        return Traced(computed(operation, self._value), self.shape, first=self.is_first)

    def cast(self, dtype: str) -> Traced:
        """Return it in another dtype."""
        return self if dtype == self.dtype else Traced(self._value.cast(dtype), self.shape, first=self.is_first)

    def __bool__(self) -> bool:
        raise Inexpressible("Python branches on the value of a tensor")

    def __int__(self) -> int:
        raise Inexpressible("Python takes a tensor for a number")

    __index__ = __int__

    def __float__(self) -> float:
        raise Inexpressible("Python takes a tensor for a number")

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise Inexpressible("Python asks for the length of a free axis")
        return self.shape[0]

    def __iter__(self) -> Iterator[Traced]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, places: Any) -> Any:
        from converter_tensorflow.tracing.functions.indexing import getitem

        return getitem(self, places)

    def __repr__(self) -> str:
        return f"<traced tensor {self.dtype}{list(self.shape)}>"

    def __add__(self, other: Any) -> Any:
        return keras.ops.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return keras.ops.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return keras.ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return keras.ops.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return keras.ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return keras.ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return keras.ops.true_divide(self._dividing(self), self._dividing(other))

    def __rtruediv__(self, other: Any) -> Any:
        return keras.ops.true_divide(self._dividing(other), self._dividing(self))

    def _dividing(self, thing: Any) -> Any:
        """TensorFlow's own operator divides whole numbers in double precision, small ones in single."""
        if "float" in self.dtype or isinstance(thing, int | float):
            return thing
        return keras.ops.cast(thing, "float32" if self.dtype.endswith(("8", "16")) else "float64")

    def __floordiv__(self, other: Any) -> Any:
        return keras.ops.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return keras.ops.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return keras.ops.mod(self, other)

    def __rmod__(self, other: Any) -> Any:
        return keras.ops.mod(other, self)

    def __pow__(self, other: Any) -> Any:
        return keras.ops.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return keras.ops.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return keras.ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return keras.ops.matmul(other, self)

    def __and__(self, other: Any) -> Any:
        return keras.ops.logical_and(self, other) if self.dtype == "bool" else keras.ops.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Any:
        return self & other

    def __or__(self, other: Any) -> Any:
        return keras.ops.logical_or(self, other) if self.dtype == "bool" else keras.ops.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Any:
        return self | other

    def __xor__(self, other: Any) -> Any:
        return keras.ops.logical_xor(self, other) if self.dtype == "bool" else keras.ops.bitwise_xor(self, other)

    def __invert__(self) -> Any:
        return keras.ops.logical_not(self) if self.dtype == "bool" else keras.ops.bitwise_not(self)

    def __neg__(self) -> Any:
        return keras.ops.negative(self)

    def __abs__(self) -> Any:
        return keras.ops.absolute(self)

    def __lt__(self, other: Any) -> Any:
        return keras.ops.less(self, other)

    def __le__(self, other: Any) -> Any:
        return keras.ops.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return keras.ops.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return keras.ops.greater_equal(self, other)

    def __eq__(self, other: object) -> Any:
        return keras.ops.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return keras.ops.not_equal(self, other)


def computed(operation: Callable[..., Value], *values: Value) -> Value:
    """Return what an operation makes of values of one dtype, computed in a dtype that ONNX Runtime has kernels for."""
    dtype = values[0].dtype
    kernel = _KERNELS.get(dtype, dtype)
    found = operation(*(each.cast(kernel) for each in values))
    return found.cast(dtype) if found.dtype == kernel else found
