"""Tables as streams of record batches: CSV, JSON lines, Parquet and Arrow, from files or, where the format allows it, from a pipe."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from converter.errors import MissingPackage, UnreadableSource
from converter.rows.formats import ARROW, CSV, JSONL, PARQUET

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
BATCH_BYTES = 32 << 20  # of a batch; the batches of wide tables have fewer rows
TEXT_BYTES = 8 << 20  # of text for a batch

Types = Mapping[str, "pa.DataType | None"]
"""The columns to read; text formats read each as its type, None stands for what the file says."""
Choose = Callable[[Sequence[str]], Types]
"""Given the names of a table's columns, those that are wanted."""


class Table(ABC):
    """One table. `share` tells how much of it is read, 0 to 1."""

    def __init__(self, name: str, size: int | None) -> None:
        self.name, self._size, self.share = name, size, 0.0

    def batches(self, choose: Choose) -> Iterator[pa.RecordBatch]:
        """Read the chosen columns a batch at a time; at least one batch, empty where the table is.

        Raises UnreadableSource, and what `choose` raises.
        """
        import pyarrow as pa

        try:
            for batch in self._batches(choose):
                for at in range(0, max(len(batch), 1), step := self._step(batch)):
                    yield batch.slice(at, step)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UnreadableSource(f"{self.name} cannot be read as a table: {error}", hint=self.hint) from error
        self.share = 1.0

    hint = "is the file complete, and is it what its name says?"

    @abstractmethod
    def _batches(self, choose: Choose) -> Iterator[pa.RecordBatch]: ...

    def _step(self, batch: pa.RecordBatch) -> int:
        return self._size or rows_of(batch.nbytes / max(len(batch), 1))


class ParquetTable(Table):
    """Parquet, mapped into memory and decoded a batch at a time."""

    def __init__(self, path: Path, size: int | None) -> None:
        super().__init__(str(path), size)
        self._path = path

    def _batches(self, choose: Choose) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(self._path, memory_map=True) as file:
            columns = list(choose(file.schema_arrow.names))
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            size = self._size or rows_of(sum(group.total_byte_size for group in groups) / max(file.metadata.num_rows, 1))
            done = 0
            for batch in file.iter_batches(size, columns=columns):
                done += len(batch)
                self.share = done / file.metadata.num_rows
                yield batch
            if not done:
                yield _empty(file.schema_arrow, columns)

    def _step(self, batch: pa.RecordBatch) -> int:
        return max(len(batch), 1)


class ArrowTable(Table):
    """Arrow's file format (Feather too), mapped into memory, or its stream format."""

    def __init__(self, source: Path | IO[bytes], size: int | None) -> None:
        super().__init__(str(source) if isinstance(source, Path) else "stdin", size)
        self._source = source

    def _batches(self, choose: Choose) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        stream = pa.memory_map(str(self._source)) if isinstance(self._source, Path) else self._source
        if isinstance(self._source, Path) and stream.read(6) == b"ARROW1":
            reader = pa.ipc.open_file(stream)
            given, total = (reader.get_batch(number) for number in range(reader.num_record_batches)), reader.num_record_batches
        else:
            if isinstance(self._source, Path):
                stream.seek(0)
            reader = pa.ipc.open_stream(stream)
            given, total = iter(reader), 0
        columns = list(choose(reader.schema.names))
        number = 0
        for number, batch in enumerate(given, 1):
            self.share = number / total if total else 0.0
            yield batch.select(columns)
        if not number:
            yield _empty(reader.schema, columns)


class CsvTable(Table):
    """CSV with a header line. Columns get the types that the graph wants, so that a block of whole numbers fixes nothing for later ones."""

    hint = "a .csv wants a header line, commas, and in every row what the column holds elsewhere"

    def __init__(self, source: Path | IO[bytes], size: int | None) -> None:
        super().__init__(str(source) if isinstance(source, Path) else "stdin", size)
        self._source = source

    def _batches(self, choose: Choose) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.csv

        with _opened(self._source) as (raw, length):
            stream = _Stream(raw)
            types = choose(next(csv.reader([stream.first_line.decode("utf-8-sig")]), []))
            convert = pyarrow.csv.ConvertOptions(
                include_columns=list(types), column_types={name: kind or pa.string() for name, kind in types.items()}
            )
            reader = pyarrow.csv.open_csv(stream, pyarrow.csv.ReadOptions(block_size=TEXT_BYTES), convert_options=convert)
            empty = True
            for batch in reader:
                empty = False
                self.share = min(1.0, stream.taken / length) if length else 0.0
                yield batch
            if empty:
                yield _empty(reader.schema, list(types))


class JsonTable(Table):
    """JSON lines: an object a line."""

    hint = 'JSON lines hold one object a line: {"age": 31, "town": "Ulm"}'

    def __init__(self, source: Path | IO[bytes], size: int | None) -> None:
        super().__init__(str(source) if isinstance(source, Path) else "stdin", size)
        self._source = source

    def _batches(self, choose: Choose) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.json

        schema: pa.Schema | None = None
        taken = 0
        with _opened(self._source) as (raw, length):
            while text := raw.read(TEXT_BYTES) + raw.readline():
                block = pyarrow.json.ReadOptions(block_size=len(text) + 1)
                if schema is None:
                    schema = _chosen(pyarrow.json.read_json(io.BytesIO(text), block).schema, choose)
                options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
                taken += len(text)
                self.share = taken / length if length else 0.0
                yield from pyarrow.json.read_json(io.BytesIO(text), block, options).combine_chunks().to_batches()
        if schema is None:
            raise pa.ArrowInvalid("it is empty, and so names no columns")


TABLES: dict[str, Callable[[Any, int | None], Table]] = {CSV: CsvTable, JSONL: JsonTable, PARQUET: ParquetTable, ARROW: ArrowTable}


def open_table(source: Path | IO[bytes], kind: str, size: int | None) -> Table:
    """Return the table that a file or stream of this format holds, to be read in batches of `size` rows; raises MissingPackage without pyarrow."""
    try:
        import pyarrow  # noqa: F401, ICN001 - only whether it is there
    except ImportError:
        raise MissingPackage("pyarrow", f"to read {source if isinstance(source, Path) else 'tables'}", extra="data") from None
    return TABLES[kind](source, size)


class _Stream(io.RawIOBase):
    """Bytes from a file or a pipe, counted; its first line is known before it is read."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self.taken = raw, 0
        self.first_line = self._left = raw.readline()

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        data = self._left[: len(buffer)] or self._raw.read(len(buffer))
        self._left = self._left[len(data) :]
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


@contextmanager
def _opened(source: Path | IO[bytes]) -> Iterator[tuple[IO[bytes], int]]:
    """A file or stream to read from, and its length in bytes, 0 where that is not known."""
    if not isinstance(source, Path):
        yield source, 0
        return
    with source.open("rb") as file:
        yield file, source.stat().st_size


def rows_of(row_bytes: float, batch_bytes: int = BATCH_BYTES) -> int:
    """Return how many rows of this size make a batch."""
    return max(1, min(ROWS, int(batch_bytes / max(row_bytes, 1))))


def _empty(schema: pa.Schema, columns: Sequence[str]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=pa.schema([schema.field(name) for name in columns]))


def _chosen(found: pa.Schema, choose: Choose) -> pa.Schema:
    """The columns of JSON lines: of the types that the graph wants, the others as the first lines show them."""
    import pyarrow as pa

    return pa.schema([(name, kind or found.field(name).type) for name, kind in choose(found.names).items()])
