"""Arithmetic on the values of a graph in the making, as NumPy writes it: `(x - mean) / scale` adds the nodes that compute it.

Numbers and arrays beside a value become constants of its dtype. ONNX Runtime's CPU lacks some operators in double precision; what is here it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import onnx

from converter import dtypes
from converter.writing.document import Document

Number = Any
"""A number, an array, or another value of the same dtype."""

_AXES_ARE_INPUT = 18  # the opset from which all reductions take their axes as an input


class Value:
    """A value of a document, with the dtype of its elements."""

    __array_ufunc__ = None  # so that `array - value` is asked of the value
    __hash__ = None  # type: ignore[assignment] # equality adds a node

    def __init__(self, document: Document, name: str, dtype: str) -> None:
        self.document, self.name, self.dtype = document, name, dtype

    def node(self, operator: str, *others: Number, dtype: str = "", domain: str = "", **attributes: Any) -> Value:
        """Add a node of this value and others; its output is of `dtype`, this value's if none is named."""
        names = [self.constant(each).name for each in others]
        return Value(self.document, self.document.node(operator, self.name, *names, domain=domain, **attributes), dtype or self.dtype)

    def constant(self, value: Number, dtype: str = "") -> Value:
        """Return a value as it is, or a number or an array as a constant of `dtype`, this value's if none is named."""
        if isinstance(value, Value):
            return value
        array = np.asarray(value)
        dtype = dtype or self.dtype
        return Value(self.document, self.document.constant(array.astype(dtypes.numpy_dtype(dtype))), dtype)

    def cast(self, dtype: str) -> Value:
        """Return it in another dtype."""
        if dtype == self.dtype:
            return self
        ways = self._ways()
        return self.node("Cast", dtype=dtype, to=onnx.TensorProto.DataType.Value(dtypes.onnx_name(dtype))) if ways is None else ways.cast(dtype)

    # Element by element

    def __add__(self, other: Number) -> Value:
        return self.node("Add", other)

    def __radd__(self, other: Number) -> Value:
        return self.constant(other).node("Add", self)

    def __sub__(self, other: Number) -> Value:
        return self.node("Sub", other)

    def __rsub__(self, other: Number) -> Value:
        return self.constant(other).node("Sub", self)

    def __mul__(self, other: Number) -> Value:
        return self.node("Mul", other)

    def __rmul__(self, other: Number) -> Value:
        return self.constant(other).node("Mul", self)

    def __truediv__(self, other: Number) -> Value:
        return self.node("Div", other)

    def __rtruediv__(self, other: Number) -> Value:
        return self.constant(other).node("Div", self)

    def __pow__(self, other: Number) -> Value:
        return self.node("Pow", other)

    def __matmul__(self, other: Number) -> Value:
        ways = self._ways()
        return self.node("MatMul", other) if ways is None or isinstance(other, Value) else ways.product(np.asarray(other))

    def __neg__(self) -> Value:
        return self.node("Neg")

    def __abs__(self) -> Value:
        return self.node("Abs")

    def __lt__(self, other: Number) -> Value:
        return self.node("Less", other, dtype="bool")

    def __le__(self, other: Number) -> Value:
        return self.node("LessOrEqual", other, dtype="bool")

    def __gt__(self, other: Number) -> Value:
        return self.node("Greater", other, dtype="bool")

    def __ge__(self, other: Number) -> Value:
        return self.node("GreaterOrEqual", other, dtype="bool")

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        return self.node("Equal", other, dtype="bool")

    def __ne__(self, other: object) -> Value:  # type: ignore[override]
        return ~(self == other)

    def __and__(self, other: Value) -> Value:
        return self.node("And", other)

    def __or__(self, other: Value) -> Value:
        return self.node("Or", other)

    def __invert__(self) -> Value:
        return self.node("Not")

    def exp(self) -> Value:
        """The exponential."""
        return self.node("Exp")

    def log(self) -> Value:
        """The natural logarithm."""
        return self.node("Log")

    def sqrt(self) -> Value:
        """The square root."""
        return self.node("Sqrt")

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return self.node("Tanh")

    def sigmoid(self) -> Value:
        """1 / (1 + e to the power of its negative); ONNX Runtime's own Sigmoid has no small values: it ends at -18."""
        return 1 / ((-self).exp() + 1)

    def sign(self) -> Value:
        """-1, 0 or 1."""
        return self.node("Sign")

    def floor(self) -> Value:
        """The largest whole number that is not above it."""
        return self.node("Floor")

    def isnan(self) -> Value:
        """Which elements are NaN, bool."""
        return self.node("IsNaN", dtype="bool")

    def positive(self) -> Value:
        """Its elements, 0 in place of negative ones."""
        return self.node("Relu")

    def clip(self, low: Number, high: Number) -> Value:
        """Its elements, none below `low` or above `high`, which broadcast."""
        return self.node("Max", low).node("Min", high)

    def where(self, yes: Value, no: Number) -> Value:
        """Elements of `yes` where this is true, else of `no`."""
        return Value(self.document, self.document.node("Where", self.name, yes.name, yes.constant(no).name), yes.dtype)

    # Along axes

    def sum(self, axis: int = 1, *, keep: bool = True) -> Value:
        """The sum along an axis, which stays with the length 1 or goes."""
        return self.node("ReduceSum", self.constant([axis], "int64"), keepdims=int(keep))

    def mean(self, axis: int = 1, *, keep: bool = True) -> Value:
        """The mean along an axis."""
        return self._reduced("ReduceMean", axis, keep=keep)

    def max(self, axis: int = 1, *, keep: bool = True) -> Value:
        """The largest along an axis."""
        return self._reduced("ReduceMax", axis, keep=keep)

    def min(self, axis: int = 1, *, keep: bool = True) -> Value:
        """The smallest along an axis."""
        return self._reduced("ReduceMin", axis, keep=keep)

    def product(self, axis: int = 1, *, keep: bool = True) -> Value:
        """The product along an axis."""
        return self._reduced("ReduceProd", axis, keep=keep)

    def argmax(self, axis: int = 1) -> Value:
        """The place of the largest along an axis, the first of equals; int64, the axis goes."""
        return self.node("ArgMax", dtype="int64", axis=axis, keepdims=0)

    def argmin(self, axis: int = 1) -> Value:
        """The place of the smallest along an axis, the first of equals; int64, the axis goes."""
        return self.node("ArgMin", dtype="int64", axis=axis, keepdims=0)

    def softmax(self) -> Value:
        """Shares that add up to 1, of the exponentials along the last axis."""
        return self.node("Softmax", axis=-1)

    def norm(self) -> Value:
        """The Euclidean length of each row, [batch, 1]."""
        return (self * self).sum().sqrt()

    def logsumexp(self) -> Value:
        """The logarithm of the sum of the exponentials of each row, [batch, 1]; of infinitely small ones it is that too."""
        top = self.max().node("Max", np.finfo(self.dtype).min)
        return (self - top).exp().sum().log() + top

    def cumsum(self, axis: int = 1) -> Value:
        """Each element and those before it along an axis, added up."""
        return self.node("CumSum", self.constant(axis, "int64"))

    def top(self, count: int | Value, *, largest: bool) -> tuple[Value, Value]:
        """The largest or the smallest of each row, in order, [batch, count], and their places, int64; a count in the graph is int64 [1]."""
        wanted = count if isinstance(count, Value) else self.constant([count], "int64")
        names = self.document.nodes("TopK", self.name, wanted.name, outputs=2, axis=-1, largest=int(largest))
        return Value(self.document, names[0], self.dtype), Value(self.document, names[1], "int64")

    # Shapes

    def columns(self, places: Sequence[int] | np.ndarray) -> Value:
        """Some columns, [batch, places]."""
        return self.node("Gather", self.constant(np.asarray(places).reshape(-1), "int64"), axis=1)

    def column(self, place: int) -> Value:
        """One column, [batch]."""
        return self.node("Gather", self.constant(place, "int64"), axis=1)

    def __getitem__(self, places: Value) -> Value:
        """Rows by their places along the first axis: table[places] has a row for each of them."""
        return self.node("Gather", places, axis=0)

    def along(self, places: Value) -> Value:
        """In each row the elements at the places [batch, n] of that row."""
        return self.node("GatherElements", places, axis=1)

    def wide(self, axis: int = 1) -> Value:
        """It with another axis of length 1."""
        return self.node("Unsqueeze", self.constant([axis], "int64"))

    def flat(self) -> Value:
        """All elements in one row; a column [batch, 1] as [batch]."""
        return self.reshaped(-1)

    def reshaped(self, *dims: int) -> Value:
        """The same elements in another shape; a dim of 0 stays, one of -1 is what is left."""
        return self.node("Reshape", self.constant(dims, "int64"))

    def transposed(self, *order: int) -> Value:
        """Its axes in another order."""
        return self.node("Transpose", perm=order)

    def rows(self) -> Value:
        """How many rows it has, int64 [1]."""
        return self.node("Shape", dtype="int64", start=0, end=1)

    def any(self) -> Value:
        """Whether a condition holds anywhere, bool of no axis."""
        return self.cast("int64").flat().sum(0, keep=False) > 0

    def for_each_row(self, row: Number) -> Value:
        """A constant row [n] once for each row of this value, [batch, n]."""
        constant = self.constant(np.asarray(row)[None])
        dims = self.rows().node("Concat", self.constant(np.shape(row), "int64"), axis=0)
        return constant.node("Expand", dims)

    def _ways(self) -> Ways | None:
        return _ways.get(self.document, {}).get(self.name)

    def _reduced(self, operator: str, axis: int, *, keep: bool) -> Value:
        if self.document.opset < _AXES_ARE_INPUT:
            return self.node(operator, axes=[axis], keepdims=int(keep))
        return self.node(operator, self.constant([axis], "int64"), keepdims=int(keep))


@dataclass(frozen=True)
class Ways:
    """How a value is written in another dtype, and its product with a constant [columns, …], without it: it may be large and needed for nothing else."""

    cast: Callable[[str], Value]
    product: Callable[[np.ndarray], Value]


_ways: WeakKeyDictionary[Document, dict[str, Ways]] = WeakKeyDictionary()


def with_ways(value: Value, ways: Ways) -> Value:
    """Return a value that knows ways around it, whoever reads it by its name."""
    _ways.setdefault(value.document, {})[value.name] = ways
    return value


def side_by_side(values: Sequence[Value], axis: int = 1) -> Value:
    """Return values of one dtype, one behind the other along an axis."""
    first, *others = values
    return first.node("Concat", *others, axis=axis) if others else first


def stacked(values: Sequence[Value]) -> Value:
    """Return columns [batch] as a matrix [batch, columns]."""
    return side_by_side([each.wide() for each in values])
