"""The cells of Arrow columns as the arrays that a graph takes: without a copy where the memory is the same, cast as tables need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from converter.errors import InputError
from converter.runtime.opening.ports import Port, shown_dims

if TYPE_CHECKING:
    import pyarrow as pa

    Array = np.ndarray[Any, Any]


def read_input(port: Port, columns: Sequence[tuple[str, pa.Array]], first: int) -> Array:
    """Make the array of an input of one column, or of several side by side.

    Floats may be rounded to the input's dtype, since readers of CSV and Parquet give float64 where graphs take float32; every other cast must keep
    the value. A missing number is NaN.

    Args:
        port: the input.
        columns: names and values, the same number of rows each.
        first: the number of the first row, for messages.

    Raises:
        InputError: a value is missing where the input cannot say so, does not fit the dtype, or lists differ in length.
    """
    if len(columns) == 1:
        array = Cells(port, *columns[0], first).array()
    else:
        array = np.empty((len(columns[0][1]), len(columns)), port.dtype)
        for place, (name, values) in enumerate(columns):
            column = Cells(port, name, values, first).array()
            if column.ndim > 1:
                raise InputError(f"column '{name}' holds lists, and input '{port.name}' takes {len(columns)} columns of single values", hint=_ALONE)
            array[:, place] = column
    return _shaped(port, array, columns)


_ALONE = "a column of lists makes an input alone"


class Cells:
    """One column on its way into an input; `first` is the number of its first row, for messages."""

    def __init__(self, port: Port, name: str, values: pa.Array, first: int) -> None:
        self._port, self._name, self._values, self._first = port, name, values, first

    def array(self) -> Array:
        """The values, [rows], or [rows, …] where they are lists.

        Raises:
            InputError: as `read_input`.
        """
        try:
            values, shape = unfold(self._values)
        except Ragged as error:
            self._refuse(
                f"{error}, counted from row {self._first}" if self._first else str(error),
                "the lists of one array are all there and of one length; fill, pad or cut them",
            )
        if self._port.is_string:
            return self._text(values, shape).reshape(shape)
        return self._numbers(values, shape).reshape(shape)

    def _text(self, values: pa.Array, shape: Sequence[int]) -> Array:
        import pyarrow as pa

        if not (_is_text(values.type) or pa.types.is_null(values.type)):
            self._refuse(f"{values.type}", "the input takes text; pyarrow.compute.cast(column, 'string') makes text of numbers")
        self._check_present(values, shape)
        return np.asarray(values.to_numpy(zero_copy_only=False), object)

    def _numbers(self, values: pa.Array, shape: Sequence[int]) -> Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        assert self._port.dtype is not None
        if pa.types.is_null(values.type):
            values = values.cast(pa.float64())
        elif pa.types.is_decimal(values.type):
            values = self._decimals(values)
        elif not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_boolean(values.type)):
            self._refuse(f"{values.type}", _way_to_numbers(values.type, self._port))
        if not values.null_count:
            return self._cast(numbers_of(values), shape)
        if not _is_float(self._port.dtype):
            self._check_present(values, shape)
        missing = values.is_null().to_numpy(zero_copy_only=False)
        found = np.array(self._cast(pc.fill_null(values, False if pa.types.is_boolean(values.type) else 0).to_numpy(zero_copy_only=False), shape))
        found[missing] = np.nan
        return found

    def _decimals(self, values: pa.Array) -> pa.Array:
        """Decimals as floats, or as whole numbers where the input takes those."""
        import pyarrow as pa

        assert self._port.dtype is not None
        try:
            return values.cast(pa.float64() if _is_float(self._port.dtype) else pa.int64())
        except pa.ArrowInvalid as error:
            self._refuse(
                f"{values.type} with a value that is no whole number: {error}", f"the input takes {self._port.dtype}; round the column first"
            )

    def _cast(self, values: Array, shape: Sequence[int]) -> Array:
        assert self._port.dtype is not None
        found, lost = fit(values, self._port.dtype)
        if lost is not None:
            self._refuse(f"{values[lost]} in {self._row(lost, shape)}, which {self._port.dtype} cannot hold", _way_to_fit(values[lost], self._port))
        return found

    def _check_present(self, values: pa.Array, shape: Sequence[int]) -> None:
        """See that no value is missing."""
        if not values.null_count:
            return
        at = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        value = "''" if self._port.is_string else "0"
        self._refuse(
            f"no value in {self._row(at, shape)}",
            f"the input takes {self._port.dtype_name}, which cannot say so; fill it in: fill={{'{self._name}': {value}}}, or --fill {self._name}={value}",
        )

    def _row(self, at: int, shape: Sequence[int]) -> str:
        """Which row the value at this place belongs to."""
        return f"row {self._first + at // max(1, int(np.prod(shape[1:], dtype=np.int64)))}"

    def _refuse(self, holds: str, hint: str) -> NoReturn:
        raise InputError(f"input '{self._port.name}': column '{self._name}' holds {holds}", hint=hint)


def numbers_of(values: pa.Array) -> Array:
    """Numbers, none of them missing, without a copy where Arrow's memory is NumPy's; `to_numpy` would import pandas."""
    import pyarrow as pa

    return values.to_numpy(zero_copy_only=False) if pa.types.is_boolean(values.type) else np.from_dlpack(values)


def fit(values: Array, dtype: np.dtype[Any]) -> tuple[Array, int | None]:
    """Numbers in another dtype, and the place of the first value that it cannot hold; floats may be rounded to a narrower one, nothing else may change."""
    if values.dtype == dtype:
        return values, None
    with np.errstate(all="ignore"):
        found = values.astype(dtype)
        if values.dtype.kind == "f" and _is_float(dtype):
            lost = np.isinf(found)
            if lost.any():
                lost &= np.isfinite(values)
        else:
            lost = found.astype(values.dtype) != values
    return found, int(np.flatnonzero(lost)[0]) if lost.any() else None


class Ragged(ValueError):
    """Lists that make no array."""


def unfold(values: pa.Array) -> tuple[pa.Array, tuple[int, ...]]:
    """The innermost values of lists of lists, and the shape of the array that they make.

    Raises:
        Ragged: a list is missing, or two differ in length.
    """
    import pyarrow as pa

    values, shape = _plain(values), [len(values)]
    while pa.types.is_list(values.type) or pa.types.is_large_list(values.type) or pa.types.is_fixed_size_list(values.type):
        inside = len(values) // max(shape[0], 1)  # lists of one row
        if values.null_count:
            raise Ragged(f"no list in row {int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0]) // max(inside, 1)}")
        lengths = np.full(1, values.type.list_size) if pa.types.is_fixed_size_list(values.type) else np.diff(values.offsets.to_numpy())
        if (other := np.flatnonzero(lengths != lengths[:1])).size:
            raise Ragged(f"a list of {lengths[other[0]]} in row {int(other[0]) // inside} and one of {lengths[0]} in row 0")
        shape.append(int(lengths[0]) if lengths.size else 0)
        values = _plain(values.flatten())
    return values, tuple(shape)


def _plain(values: pa.Array) -> pa.Array:
    """The values without their wrappings: extension types, dictionaries, run ends."""
    import pyarrow as pa
    import pyarrow.compute as pc

    while isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if pa.types.is_run_end_encoded(values.type):
        return pc.run_end_decode(values)
    return values


def _shaped(port: Port, array: Array, columns: Sequence[tuple[str, Any]]) -> Array:
    """The array with the input's number of dimensions: [rows] becomes [rows, 1], and [rows, 6] becomes [rows, 2, 3], where that is declared."""
    lengths = [dim for dim in port.dims[1:] if isinstance(dim, int)]
    if not port.is_shaped or len(lengths) < len(port.dims) - 1 or array.shape[1:] == tuple(lengths):
        return array[:, None] if port.is_shaped and array.ndim == 1 and len(port.dims) == 2 else array
    if array.size != len(array) * np.prod(lengths, dtype=np.int64):
        size = f"lists of shape {list(array.shape[1:])}" if array.ndim > 1 and len(columns) == 1 else f"{len(columns)} columns"
        raise InputError(
            f"input '{port.name}' wants {shown_dims(port.dims)}, the table gives it {size}",
            hint="check the columns: converter inspect shows the graph",
        )
    return array.reshape(len(array), *lengths)


def _is_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind not in "biu"  # bfloat16 and float8 are of kind V


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _way_to_numbers(kind: pa.DataType, port: Port) -> str:
    import pyarrow as pa

    if pa.types.is_temporal(kind):
        return f"the input takes {port.dtype}; say which number a time is, as in training: pyarrow.compute.cast(column, 'int64')"
    if _is_text(kind):
        return f"the input takes {port.dtype}; pyarrow.compute.cast(column, '{port.dtype}') reads text as numbers"
    return f"the input takes {port.dtype}; leave out the column, or name those that it takes: --columns {port.name}=a,b,c"


def _way_to_fit(value: Any, port: Port) -> str:
    if isinstance(value, np.floating) and np.isnan(value):
        return f"the input takes {port.dtype}, which has no NaN; fill the column before"
    if isinstance(value, np.integer):
        return f"cast the column to float64 before, if rounding to {port.dtype} is meant"
    return f"cast the column to {port.dtype} before, if that is meant"
