"""Record batches to Parquet, Arrow, CSV and JSON lines, as they come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING

from converter.errors import GraphError, UsageError
from converter.rows.formats import ARROW, CSV, JSONL, PARQUET
from converter.rows.jsonlines import json_lines

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 131_072  # of Parquet: small groups make large files and slow readers
GROUP_BYTES = 64 << 20  # and this is what waits in memory for a group to be full


class Writer(ABC):
    """Writes record batches of one schema, which the first one tells, to a file that the caller opens and closes."""

    def __init__(self, file: IO[bytes], *, is_pipe: bool = False) -> None:
        self._file, self._is_pipe = file, is_pipe
        self._schema: pa.Schema | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch; raises GraphError where its columns are of other types than those before."""
        import pyarrow as pa

        batch = self._prepared(batch)
        if self._schema is None:
            self._schema = batch.schema.remove_metadata()
            self._open(self._schema)
        elif not self._schema.equals(batch.schema):
            before = next((f"{field}" for field in self._schema if field not in batch.schema), "")
            now = next((f"{field}" for field in batch.schema if field not in self._schema), "")
            raise GraphError(
                f"the columns change from batch to batch: {before or 'none'} before, then {now or 'none'}",
                hint="one file has one schema: -o FOLDER/ writes a file for each input",
            )
        self._write(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))

    def _prepared(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    @abstractmethod
    def _open(self, schema: pa.Schema) -> None: ...

    @abstractmethod
    def _write(self, batch: pa.RecordBatch) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Write what waits, and the end of the file."""


class ParquetWriter(Writer):
    """Parquet, in row groups of a good size whatever the batches are."""

    def _open(self, schema: pa.Schema) -> None:
        import pyarrow.parquet

        self._writer = pyarrow.parquet.ParquetWriter(self._file, schema)
        self._waiting: list[pa.RecordBatch] = []

    def _write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= GROUP_ROWS or sum(each.nbytes for each in self._waiting) >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema), row_group_size=GROUP_ROWS * 8)
        self._waiting = []

    def close(self) -> None:
        """See Writer."""
        if self._schema is not None:
            if self._waiting:
                self._flush()
            self._writer.close()


class ArrowWriter(Writer):
    """Arrow's file format, or its stream format where there is no file."""

    def _open(self, schema: pa.Schema) -> None:
        import pyarrow as pa

        self._writer = (pa.ipc.new_stream if self._is_pipe else pa.ipc.new_file)(self._file, schema)

    def _write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        """See Writer."""
        if self._schema is not None:
            self._writer.close()


class CsvWriter(Writer):
    """CSV with a header line. A column of lists becomes `name_0`, `name_1` and so on, which are read back as such."""

    def _prepared(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        columns = [part for name, column in zip(batch.schema.names, batch.columns, strict=True) for part in _flat(name, column)]
        return pa.RecordBatch.from_arrays([column for _, column in columns], [name for name, _ in columns])

    def _open(self, schema: pa.Schema) -> None:
        import pyarrow.csv

        self._writer = pyarrow.csv.CSVWriter(self._file, schema, write_options=pyarrow.csv.WriteOptions(quoting_style="needed"))

    def _write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        """See Writer."""
        if self._schema is not None:
            self._writer.close()


class JsonWriter(Writer):
    """JSON lines."""

    def _open(self, schema: pa.Schema) -> None:
        """Nothing comes before the first line."""

    def _write(self, batch: pa.RecordBatch) -> None:
        self._file.write(json_lines(batch))

    def close(self) -> None:
        """Nothing comes after the last line."""


WRITERS: dict[str, type[Writer]] = {PARQUET: ParquetWriter, ARROW: ArrowWriter, CSV: CsvWriter, JSONL: JsonWriter}


def _flat(name: str, column: pa.Array) -> list[tuple[str, pa.Array]]:
    """A column as the columns that CSV can hold."""
    import numpy as np
    import pyarrow as pa

    from converter.runtime.tables.cells import Ragged, unfold

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) and not _is_list(column.type):
        raise UsageError(f"column '{name}' is {column.type}, which CSV cannot hold", hint="write .parquet, .arrow or .jsonl")
    if not _is_list(column.type) or not len(column):
        return [(name, column)]
    try:
        values, shape = unfold(column)
    except Ragged as error:
        raise UsageError(f"column '{name}' holds {error}, which CSV cannot hold", hint="write .parquet, .arrow or .jsonl") from error
    width = len(values) // len(column)
    return [
        ("_".join([name, *map(str, place)]), values.take(pa.array(np.arange(at, len(values), width))))
        for at, place in enumerate(np.ndindex(*shape[1:]))
    ]


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
