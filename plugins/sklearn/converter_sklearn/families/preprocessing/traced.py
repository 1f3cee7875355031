"""A table that a Python function is given in the place of an array: what it does with it by NumPy is written into a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from converter.writing import Value, side_by_side
from converter_sklearn.families.preprocessing.elementwise import OF_ARGUMENTS, UFUNCS

ROWS = 97  # of the example


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A value, beside an example of it that NumPy computes too and that tells its shape and dtype; a DataFrame's has names of columns.

    What a graph cannot do for every number of rows raises TypeError: loops over rows, branches, arrays as long as the table.
    """

    def __init__(self, value: Value, example: np.ndarray, floats: str, names: Sequence[str] = ()) -> None:
        self.value, self.example, self.floats, self.names = value, example, floats, list(names)

    @classmethod
    def table(cls, value: Value, columns: int, names: Sequence[str] = ()) -> Traced:
        """Return a table of floats, [batch, columns]."""
        return cls(value, np.linspace(0.25, 0.75, ROWS * columns).reshape(ROWS, columns), value.dtype, names)

    # What it is

    shape = property(lambda self: self.example.shape)
    ndim = property(lambda self: self.example.ndim)
    dtype = property(lambda self: self.example.dtype)
    values = property(lambda self: self)

    def to_numpy(self) -> Traced:
        """Return itself, which a DataFrame has as an array."""
        return self

    def copy(self) -> Traced:
        """Return another one of the same value."""
        return self.of(self.value, self.example)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("its argument becomes an array outside the graph")

    def __bool__(self) -> bool:
        raise TypeError("a branch depends on values")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a loop goes over rows")

    def __len__(self) -> int:
        raise TypeError("the number of rows is asked for")

    def of(self, value: Value, example: np.ndarray) -> Traced:
        """Return another value with its example."""
        return Traced(value, example, self.floats)

    def as_value(self, other: Any, kind: np.dtype[Any]) -> Value:
        """Return an operand in a dtype of NumPy's."""
        dtype = {"b": "bool", "i": "int64", "u": "int64", "f": self.floats}.get(kind.kind)
        if dtype is None:
            raise TypeError(f"elements are of the dtype {kind}")
        if isinstance(other, Traced):
            return other.value.cast(dtype)
        if np.ndim(other) and np.ndim(other) == self.ndim and len(other) == ROWS:
            raise TypeError("an array has as many rows as the table")
        return self.value.constant(other, dtype)

    # What is done with it

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Traced:
        write = UFUNCS.get(ufunc.__name__)
        if write is None or method != "__call__" or options:
            raise TypeError(f"no rule writes {ufunc.__name__}")
        examples = [example_of(each) for each in inputs]
        example = ufunc(*examples)
        kind = np.result_type(*examples) if ufunc.__name__ in OF_ARGUMENTS else example.dtype
        return self.of(write(*(self.as_value(each, kind) for each in inputs)), example)

    def __array_function__(self, function: Callable[..., Any], _: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Traced:
        write = _FUNCTIONS.get(function.__name__)
        if write is None:
            raise TypeError(f"no rule writes {function.__name__}")
        return write(*args, **options)

    def __getitem__(self, key: Any) -> Traced:
        if self.names and not isinstance(key, tuple):
            return self._named(key)
        found, axis = self, 0
        for each in _one_by_one(key):
            if each is None:
                found = found.of(found.value.wide(axis), np.expand_dims(found.example, axis))
            elif not (isinstance(each, slice) and each == slice(None)):
                found = found._taken(each, axis)
            axis += not isinstance(each, int | np.integer)
        return found

    def __setitem__(self, key: Any, new: Any) -> None:
        changed = _where(key, new, self) if isinstance(key, Traced) else self._with_columns(key, new)
        self.value, self.example = self.as_value(changed, self.dtype), changed.example.astype(self.dtype)

    def astype(self, dtype: Any, **_: Any) -> Traced:
        """Return its elements in another dtype."""
        example = self.example.astype(dtype)
        return self.of(self.as_value(self, example.dtype), example)

    def reshape(self, *shape: Any) -> Traced:
        """Return the same elements in another shape, the rows as they are."""
        example = self.example.reshape(*shape)
        if example.shape[:1] != self.shape[:1]:
            raise TypeError("elements get to other rows")
        return self.of(self.value.reshaped(-1, *example.shape[1:]), example)

    def ravel(self) -> Traced:
        """Return a column as a vector."""
        return self.reshape(-1)

    def clip(self, *bounds: Any, **options: Any) -> Traced:
        """Return its elements between bounds."""
        return _clip(self, *bounds, **options)

    def sum(self, *axis: Any, **options: Any) -> Traced:
        """Return the sum along an axis."""
        return _sum(self, *axis, **options)

    def mean(self, *axis: Any, **options: Any) -> Traced:
        """Return the mean along an axis."""
        return _mean(self, *axis, **options)

    def max(self, *axis: Any, **options: Any) -> Traced:
        """Return the largest along an axis."""
        return _max(self, *axis, **options)

    def min(self, *axis: Any, **options: Any) -> Traced:
        """Return the smallest along an axis."""
        return _min(self, *axis, **options)

    def _named(self, key: Any) -> Traced:
        """Return columns by their names: one as a vector, some as a table that keeps the names."""
        found = self.copy()[:, self.names.index(key) if isinstance(key, str) else [self.names.index(each) for each in key]]
        found.names = [] if isinstance(key, str) else list(key)
        return found

    def _taken(self, key: Any, axis: int) -> Traced:
        if axis == 0 or isinstance(key, Traced):
            raise TypeError("some of the rows are taken")
        places = np.arange(self.shape[axis])[key]
        example = np.take(self.example, places, axis=axis)
        return self.of(self.value.node("Gather", self.value.constant(places, "int64"), axis=axis), example)

    def _with_columns(self, key: Any, new: Any) -> Traced:
        rows, places = key if isinstance(key, tuple) else (key, slice(None))
        if not (isinstance(rows, slice) and rows == slice(None)):
            raise TypeError("some of the rows change")
        changed = np.atleast_1d(np.arange(self.shape[1])[places])
        if isinstance(new, Traced) and new.ndim == 1:
            new = new[:, None]
        count = np.shape(example_of(new))[-1] if np.ndim(example_of(new)) else 1
        order = np.zeros(self.shape[1], int)
        order[changed] = np.arange(len(changed)) % count
        spread = new[:, order] if isinstance(new, Traced) else np.ravel(new)[order]
        return _where(np.isin(np.arange(self.shape[1]), changed), spread, self)


def example_of(argument: Any) -> Any:
    """Return the example of an argument, or of those in a list."""
    if isinstance(argument, list | tuple):
        return [example_of(each) for each in argument]
    return argument.example if isinstance(argument, Traced) else argument


def _one_by_one(key: Any) -> list[Any]:
    keys = list(key) if isinstance(key, tuple) else [key]
    return [slice(None) if each is Ellipsis else each for each in keys]


def _first(arguments: Sequence[Any]) -> Traced:
    return next(each for each in arguments if isinstance(each, Traced))


def _traced(found: Any) -> Traced:
    """Return what NumPy gives for a traced table, which is one too."""
    assert isinstance(found, Traced)
    return found


def _where(condition: Any, yes: Any, no: Any) -> Traced:
    first, example = _first([condition, yes, no]), np.where(*map(example_of, (condition, yes, no)))
    values = [first.as_value(each, example.dtype) for each in (yes, no)]
    return first.of(first.as_value(condition, np.dtype(bool)).where(*values), example)


def _clip(table: Traced, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Traced:
    low, high = bounds.get("min", a_min), bounds.get("max", a_max)
    above = table if low is None else np.maximum(table, low)
    return _traced(above if high is None else np.minimum(above, high))


def _concatenate(arrays: Sequence[Any], axis: int = 0) -> Traced:
    first, example = _first(arrays), np.concatenate(example_of(arrays), axis=axis)
    if axis % example.ndim == 0:
        raise TypeError("rows are appended")
    return first.of(side_by_side([first.as_value(each, example.dtype) for each in arrays], axis=axis % example.ndim), example)


def _column_stack(arrays: Sequence[Any]) -> Traced:
    return _concatenate([each[:, None] if np.ndim(example_of(each)) == 1 else each for each in arrays], axis=1)


def _stack(arrays: Sequence[Any], axis: int = 0) -> Traced:
    return _concatenate([np.expand_dims(each, axis) for each in arrays], axis=axis)


def _expand_dims(table: Traced, axis: int) -> Traced:
    example = np.expand_dims(table.example, axis)
    return table.of(table.value.wide(axis % example.ndim), example)


def _reduced(function: Callable[..., Any], method: str) -> Callable[..., Traced]:
    def write(table: Traced, axis: int | None = None, *, keepdims: bool = False) -> Traced:
        example = np.asarray(function(table.example, axis=axis, keepdims=keepdims))
        value = table.as_value(table, example.dtype)
        if axis is None and keepdims:
            raise TypeError("all elements become one of as many axes")
        value, place, keep = (value.flat(), 0, False) if axis is None else (value, axis % table.ndim, keepdims)
        found = getattr(value, method)(place, keep=keep)
        return table.of(_nan_of_any(found, value, place, keep=keep) if method in {"max", "min"} and example.dtype.kind == "f" else found, example)

    return write


def _nan_of_any(found: Value, value: Value, axis: int, *, keep: bool) -> Value:
    """Return what was found of values, NaN where one of them is: ONNX Runtime's ReduceMax may look over it."""
    return (value.isnan().cast("int64").max(axis, keep=keep) > 0).where(found.constant(np.nan), found)


def _norm(table: Traced, order: Any = None, axis: int | None = None, *, keepdims: bool = False) -> Traced:
    if order not in (None, 2) or axis is None:
        raise TypeError("no rule writes such a norm")
    return _traced(np.sqrt(_sum(table * table, axis, keepdims=keepdims)))


def _nan_to_num(table: Traced, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Traced:  # noqa: ARG001, FBT001, FBT002 - NumPy's signature
    largest = float(np.finfo(table.floats).max)
    known = _where(np.isnan(table), nan, table)
    return _where(known == np.inf, largest if posinf is None else posinf, _where(known == -np.inf, -largest if neginf is None else neginf, known))


def _round(table: Traced, decimals: int = 0) -> Traced:
    return _traced(np.rint(table * 10.0**decimals) / 10.0**decimals if decimals else np.rint(table))


_sum, _mean = _reduced(np.sum, "sum"), _reduced(np.mean, "mean")
_max, _min = _reduced(np.max, "max"), _reduced(np.min, "min")
_FUNCTIONS: dict[str, Callable[..., Traced]] = {
    "where": _where,
    "clip": _clip,
    "concatenate": _concatenate,
    "hstack": lambda arrays: _concatenate(arrays, axis=0 if np.ndim(example_of(arrays[0])) == 1 else 1),
    "column_stack": _column_stack,
    "stack": _stack,
    "expand_dims": _expand_dims,
    "reshape": lambda table, *shape: table.reshape(*shape),
    "ravel": lambda table: table.ravel(),
    "sum": _sum,
    "mean": _mean,
    "max": _max,
    "amax": _max,
    "min": _min,
    "amin": _min,
    "norm": _norm,
    "nan_to_num": _nan_to_num,
    "round": _round,
    "around": _round,
}
