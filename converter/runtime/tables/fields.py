"""The answers of a graph as Arrow columns, one for each output.

[batch] and [batch, 1] become a column of plain values, [batch, n] one of lists, higher ranks one of lists of lists. The lists are Arrow's variable
ones and not those of fixed size: Spark takes no others, and the schema stays the same where n follows the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.errors import GraphError
from converter.runtime.opening.ports import Port, shown_dims

if TYPE_CHECKING:
    import pyarrow as pa

_MAPS = re.compile(r"seq\(map\((\w+),tensor\((\w+)\)\)\)")
_ARROW = {"float": "float32", "double": "float64"}


def write_output(port: Port, value: Any, rows: int) -> pa.Array:
    """Make a column of an output's answer to `rows` rows.

    Raises:
        GraphError: the answer has no item for each row, or is of a kind that no column holds.
    """
    if not isinstance(value, np.ndarray):
        return _maps(port, value, rows)
    if value.shape[:1] != (rows,):
        raise GraphError(
            f"output '{port.name}' has shape {list(value.shape)} for {rows} rows: its first dimension does not count them",
            hint="convert the model with the batch in front in every output, or call the session yourself: session(…)",
        )
    lengths = value.shape[1:]
    column = _values(value.reshape(-1))
    if lengths == (1,) and not (port.is_shaped and isinstance(port.dims[-1], str)):
        return column
    for axis in range(len(lengths), 0, -1):
        column = _lists(column, int(np.prod(value.shape[:axis], dtype=np.int64)), lengths[axis - 1])
    return column


def check_rows_in_front(outputs: Sequence[Port], axes: frozenset[str]) -> None:
    """See that no output declares the rows' axis, one of `axes`, elsewhere than in front.

    Raises:
        GraphError: one does; where as many rows as steps are given, its shape would not tell.
    """
    for port in outputs:
        if port.dims and port.dims[0] not in axes and axes.intersection(dim for dim in port.dims[1:] if isinstance(dim, str)):
            raise GraphError(
                f"output '{port.name}' {shown_dims(port.dims)} does not have the rows in front",
                hint="convert the model with the batch in front in every output, or call the session yourself: session(…)",
            )


def _values(flat: np.ndarray[Any, Any]) -> pa.Array:
    """One dimension of values; without a copy for numbers that Arrow has, as float32 for the floats that it lacks."""
    import pyarrow as pa

    if flat.dtype == object:
        return pa.array(flat, pa.string())
    if flat.dtype == bool:
        return pa.array(flat)
    return _numbers(flat if flat.dtype.isbuiltin == 1 else flat.astype(np.float32))


def _lists(items: pa.Array, count: int, length: int) -> pa.Array:
    """`count` lists of `length` items each."""
    import pyarrow as pa

    offsets = np.arange(count + 1, dtype=np.int64) * length
    if count * length < 2**31:
        return pa.ListArray.from_arrays(_numbers(offsets.astype(np.int32)), items)
    return pa.LargeListArray.from_arrays(_numbers(offsets), items)


def _numbers(flat: np.ndarray[Any, Any]) -> pa.Array:
    """The same memory as an Arrow array; `pyarrow.array` would import pandas to see whether it is one of its series."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.from_numpy_dtype(flat.dtype), len(flat), [None, pa.py_buffer(np.ascontiguousarray(flat))])


def _maps(port: Port, value: Any, rows: int) -> pa.Array:
    """A map for each row, as classifiers of other converters give their probabilities."""
    import pyarrow as pa

    match = _MAPS.fullmatch(port.type)
    if match is None or not isinstance(value, list) or len(value) != rows or not all(isinstance(each, Mapping) for each in value):
        raise GraphError(f"output '{port.name}' is {port.type}, which makes no column", hint="convert the model with tensors as outputs")
    key, number = (_ARROW.get(name, name) for name in match.groups())
    return pa.array([list(each.items()) for each in value], pa.map_(pa.type_for_alias(key), pa.type_for_alias(number)))
