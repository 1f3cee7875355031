"""Rows through a graph: record batches in, record batches out, a batch in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.errors import InputError, MissingPackage, UsageError
from converter.runtime.opening.ports import Port
from converter.runtime.result import Result
from converter.runtime.tables.cells import read_input
from converter.runtime.tables.columns import Wanted, choose, columns_in
from converter.runtime.tables.fields import check_rows_in_front, write_output

if TYPE_CHECKING:
    import pyarrow as pa

    from converter.runtime.opening.graph import Opened

    Feeds = dict[str, np.ndarray[Any, Any]]

Call = Callable[[Mapping[str, Any]], Result]
ALL = "*"


@dataclass(frozen=True)
class Rows:
    """How the columns of a table meet the inputs of a graph; the arguments of Session.map_batches say what each means."""

    keep: tuple[str, ...] = ()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    fill: Mapping[str, Any] = field(default_factory=dict)


def map_batches(opened: Opened, call: Call, batches: Iterable[pa.RecordBatch], rows: Rows) -> Iterator[pa.RecordBatch]:
    """Run a graph on every row; see Session.map_batches."""
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingPackage("pyarrow", "for record batches", extra="data") from None
    scorer: Scorer | None = None
    done = 0
    for batch in batches:
        if not isinstance(batch, pa.RecordBatch):
            raise InputError(f"map_batches takes an iterator of record batches, not of {type(batch).__name__}", hint="table.to_batches() gives them")
        if scorer is None or not scorer.schema.equals(batch.schema):
            scorer = Scorer(opened, call, batch.schema, rows)
        yield scorer.score(batch, done)
        done += len(batch)


class Scorer:
    """A graph and the rows' schema, matched once.

    Raises:
        InputError: the table lacks a column, or has it twice.
        UsageError: a kept column does not exist, or bears the name of an output.
        GraphError: an output has no value for each row.
    """

    def __init__(self, opened: Opened, call: Call, schema: pa.Schema, rows: Rows) -> None:
        self.schema, self._call, self._outputs, self._rows = schema, call, opened.outputs, rows
        self._keep = kept(rows.keep, schema.names, [port.name for port in opened.outputs])
        self._inputs = inputs_of(opened.inputs, opened.metadata, schema.names, rows)
        used = {*self._keep, *(name for _, names in self._inputs for name in names)}
        if twice := next((name for name in schema.names if name in used and schema.names.count(name) > 1), None):
            raise InputError(f"the table has the column '{twice}' more than once", hint="rename one of them")
        firsts = [port.dims[0] for port, _ in self._inputs if port.dims]
        self._size = next((dim for dim in firsts if isinstance(dim, int)), None)  # rows at a time that the graph is made for
        check_rows_in_front(opened.outputs, frozenset(dim for dim in firsts if isinstance(dim, str)))

    def score(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """Answer the rows of a batch; `first` is the number of its first row, for messages.

        Raises:
            InputError: the graph cannot take a value.
            GraphError: the graph failed, or an output has no value for each row.
        """
        import pyarrow as pa

        count = len(batch)
        if count:
            answers = answer(self._run, self._outputs, self._feeds(batch, first), count, self._size)
            columns = [write_output(port, answers[port.name], count) for port in self._outputs]
        else:  # what the answers look like is learned from a row of zeros: declared dims lie, and graphs fail on no rows at all
            answers = answer(self._run, self._outputs, self._zeros(), 1, self._size)
            columns = [write_output(port, answers[port.name], 1).slice(0, 0) for port in self._outputs]
        names = [*self._keep, *(port.name for port in self._outputs)]
        return pa.RecordBatch.from_arrays([*(batch.column(name) for name in self._keep), *columns], names)

    def _run(self, feeds: Mapping[str, Any]) -> Result:
        return self._call({**self._rows.constants, **feeds})

    def _feeds(self, batch: pa.RecordBatch, first: int) -> Feeds:
        return {port.name: read_input(port, [(name, self._column(batch, name)) for name in names], first) for port, names in self._inputs}

    def _column(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        """A column, with what is missing filled in where the caller said how."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = batch.column(name)
        if name not in self._rows.fill or not column.null_count:
            return column
        value = self._rows.fill[name]
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        try:
            return pc.fill_null(column, pa.scalar(value).cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise UsageError(f"column '{name}' is {column.type} and cannot be filled with {value!r}", hint="give a value of its type") from error

    def _zeros(self) -> Feeds:
        """One row that means nothing; a free axis is as long as there are columns, or 1."""
        return {
            port.name: np.full((1, *(dim if isinstance(dim, int) else len(names) for dim in port.dims[1:])), "" if port.is_string else 0, port.dtype)
            for port, names in self._inputs
        }


def answer(call: Call, outputs: Sequence[Port], feeds: Feeds, count: int, size: int | None) -> Mapping[str, Any]:
    """Call a graph once, or as often as it takes where it is made for `size` rows at a time; the last call is filled up with the last row.

    Raises:
        InputError: the graph cannot take the feeds.
        GraphError: the graph failed, or gave no value for each row of one of several calls.
    """
    if size is None or size == count:
        return call(feeds)._asdict()
    parts = []
    for at in range(0, count, size):
        part = {name: array[at : at + size] for name, array in feeds.items()}
        short = size - min(size, count - at)
        if short:
            part = {name: np.concatenate([array, np.repeat(array[-1:], short, 0)]) for name, array in part.items()}
        parts.append(call(part)._asdict())
    return {port.name: _joined(port, [part[port.name] for part in parts], size, count) for port in outputs}


def kept(wanted: Sequence[str], table: Sequence[str], outputs: Sequence[str]) -> tuple[str, ...]:
    """The columns that pass through; `*` stands for all of them.

    Raises:
        UsageError: one does not exist, or bears the name of an output.
    """
    names = tuple(dict.fromkeys(name for each in wanted for name in (table if each == ALL else (each,))))
    for name in names:
        if name not in table:
            raise UsageError(f"there is no column '{name}' to keep", hint=f"the table has {', '.join(table)}")
        if name in outputs:
            raise UsageError(f"column '{name}' cannot be kept, since an output has its name", hint="rename the column before")
    return names


def inputs_of(inputs: Mapping[str, Port], metadata: Mapping[str, str], table: Sequence[str], rows: Rows) -> list[tuple[Port, tuple[str, ...]]]:
    """The inputs that rows make, each with its columns; the others are constants.

    Raises:
        InputError: the table lacks a column.
        UsageError: `rows.columns` names no input.
    """
    for name in (*rows.columns, *rows.constants):
        if name not in inputs:
            raise UsageError(f"there is no input '{name}'", hint=f"the graph takes {', '.join(map(str, inputs.values()))}")
    known = {**columns_in(metadata), **{name: tuple(names) for name, names in rows.columns.items()}}
    ports = [port for port in inputs.values() if port.name not in rows.constants and not (port.is_optional and port.name not in table)]
    spare = [name for name in table if name not in rows.keep] if len(ports) == 1 else None
    found = []
    for port in ports:
        if port.is_shaped and not port.dims:
            raise InputError(f"input '{port.name}' is a scalar, which no column makes", hint=f"give its value: constants={{'{port.name}': …}}")
        columns = choose(Wanted(port.name, port.dims, known.get(port.name, ())), table, spare=spare)
        found.append((port, columns))
    return found


def _joined(port: Port, parts: list[Any], size: int, count: int) -> Any:
    """The answers of several calls as those of one, the rows that filled the last call up left out."""
    for part in parts:
        if not isinstance(part, np.ndarray) or part.shape[:1] != (size,):
            write_output(port, part, size)  # says what is wrong with it
    return [item for part in parts for item in part][:count] if isinstance(parts[0], list) else np.concatenate(parts)[:count]
