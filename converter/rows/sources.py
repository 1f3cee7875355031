"""What a user named as data, ready to go through a graph: tables, arrays, images, and the pipe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from converter.cases.data import expand
from converter.errors import InputError, SourceNotFound, UsageError
from converter.rows.arrays import open_arrays
from converter.rows.formats import IMAGE, SUFFIXES, TABLES, format_of, sniff
from converter.rows.scoring import Answers, answer_arrays, answer_images, prepares
from converter.rows.tables import Choose, Table, Types, open_table
from converter.runtime.tables.batches import Rows, inputs_of, kept

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from converter.runtime import Port, Session

STDIN = "-"
_INPUT = "input_*.pb"  # a folder of those is one case, as in ONNX's test data


@dataclass(frozen=True)
class Settings:
    """How data goes through a graph: which columns and constants, and how many rows at a time; None where the size is left open."""

    rows: Rows = field(default_factory=Rows)
    size: int | None = None


class Source(ABC):
    """One piece of data. `paths` are its files, none for the pipe; `share` tells how much of it is done, 0 to 1."""

    kind: str
    share = 0.0

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.name, self.paths = name, tuple(paths)

    @property
    def bytes(self) -> int:
        """How large its files are."""
        return sum(path.stat().st_size for path in self.paths)

    @abstractmethod
    def answers(self, session: Session, settings: Settings) -> Iterator[Answers | pa.RecordBatch]:
        """Run the graph on all of it, a batch at a time; raises ConverterError."""


class TableSource(Source):
    """A table of a file or of the pipe; its answers are record batches."""

    def __init__(self, source: Path | IO[bytes], kind: str) -> None:
        super().__init__(str(source) if isinstance(source, Path) else "stdin", [source] if isinstance(source, Path) else [])
        self._source, self.kind = source, kind
        self._table: Table | None = None

    @property
    def share(self) -> float:  # type: ignore[override]
        """How much of the table is read."""
        return self._table.share if self._table is not None else 0.0

    def answers(self, session: Session, settings: Settings) -> Iterator[Answers | pa.RecordBatch]:
        """See Source."""
        self._table, rows = open_table(self._source, self.kind, settings.size), settings.rows
        batches = self._table.batches(wanted_columns(session, rows))
        return session.map_batches(batches, keep=rows.keep, columns=rows.columns, constants=rows.constants, fill=rows.fill)


class ArraySource(Source):
    """Arrays by the names of inputs: a file of them, a folder that is one case, or what the caller gives."""

    kind = "npz"

    def __init__(self, name: str, paths: Sequence[Path], arrays: Mapping[str, np.ndarray] | None = None, names: Sequence[str] = ()) -> None:
        super().__init__(name, paths)
        self._arrays, self._names = arrays, names

    def answers(self, session: Session, settings: Settings) -> Iterator[Answers | pa.RecordBatch]:
        """See Source."""
        _refuse_columns(self.name, settings.rows)
        arrays = self._read([port.name for port in session.inputs]) if self._arrays is None else self._arrays
        if twice := [name for name in arrays if name in settings.rows.constants]:
            raise InputError(f"input '{twice[0]}' is in {self.name} and in --input", hint="give it once")
        rows = 0
        total = max((len(array) for array in arrays.values() if array.ndim), default=0)
        for answers in answer_arrays(session, arrays, settings.rows.constants, settings.size, self._names):
            rows += answers.rows
            self.share = rows / max(total, rows, 1)
            yield answers

    def _read(self, inputs: Sequence[str]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for place, path in enumerate(self.paths):
            found |= open_arrays(path, inputs if len(self.paths) == 1 else inputs[place : place + 1])
        return found


class ImageSource(Source):
    """Image files, prepared as the graph's metadata says; `input` names theirs where the caller does."""

    kind = IMAGE

    def __init__(self, paths: Sequence[Path], name: str = "") -> None:
        super().__init__(str(paths[0]) if len(paths) == 1 else f"{len(paths)} images", paths)
        self._input = name

    def answers(self, session: Session, settings: Settings) -> Iterator[Answers | pa.RecordBatch]:
        """See Source."""
        _refuse_columns(self.name, settings.rows)
        name = self._input or prepares(session, session.inputs[0].name).input
        done = 0
        for answers in answer_images(session, name, self.paths, settings.rows.constants, settings.size):
            done += answers.rows
            self.share = done / len(self.paths)
            yield answers


def find_sources(names: Sequence[str], kind: str, stdin: Callable[[], Any], *, images_apart: bool) -> list[Source]:
    """Return what the names stand for, in their order: files, patterns, folders, and `-` for the pipe, whose format is `kind` or sniffed.

    Images are one source together, unless they are to stay apart. Raises SourceNotFound, and UsageError for an unknown format.
    """
    found = [source for name in names for source in _named(name, kind, stdin)]
    pictures = [source for source in found if isinstance(source, ImageSource)]
    if images_apart or not pictures:
        return found
    together = ImageSource([path for source in pictures for path in source.paths])
    return [together if source is pictures[0] else source for source in found if source not in pictures[1:]]


def _named(name: str, kind: str, stdin: Callable[[], Any]) -> Iterator[Source]:
    if name == STDIN:
        stream = stdin()
        yield TableSource(stream, kind or sniff(stream.peek(16)[:16]))
        return
    for path in expand(name):
        if path.is_dir() and (tensors := sorted(path.glob(_INPUT), key=_number)):
            yield ArraySource(str(path), tensors)
            continue
        for file in files_of(path):
            form = kind if kind and not path.is_dir() else format_of(file)
            if form in TABLES:
                yield TableSource(file, form)
            else:
                yield ImageSource([file]) if form == IMAGE else ArraySource(str(file), [file])


def wanted_columns(session: Session, rows: Rows) -> Choose:
    """Return what chooses the columns to read, given those of a table: the inputs' with the inputs' types, and those to keep."""

    def choose(names: Sequence[str]) -> Types:
        keep = kept(rows.keep, names, [port.name for port in session.outputs])
        inputs = inputs_of({port.name: port for port in session.inputs}, session.metadata, names, rows)
        return {**dict.fromkeys(keep), **{name: _text_type(port, len(columns)) for port, columns in inputs for name in columns}}

    return choose


def _text_type(port: Port, columns: int) -> pa.DataType | None:
    """As what a column of this input is read where the file holds text: as widely as tables do, the cast to the input's dtype comes later."""
    import pyarrow as pa

    if port.dtype is None:
        return None
    if port.is_string:
        kind = pa.string()
    elif port.dtype.kind == "b":
        kind = pa.bool_()
    else:
        kind = {"i": pa.int64(), "u": pa.uint64()}.get(port.dtype.kind, pa.float64())
    is_listed = columns == 1 and len(port.dims) > 1 and port.dims[1:] != (1,)
    for _ in port.dims[1:] if is_listed else ():
        kind = pa.list_(kind)
    return kind


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files of a folder that converter reads."""
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith((".", "_")) and each.suffix.lower() in SUFFIXES)
    if not found:
        raise SourceNotFound(str(path), what=f"{path} holds no file that converter reads", hint=f"suffixes: {' '.join(SUFFIXES)}")
    return found


def _number(path: Path) -> int:
    digits = path.stem.rpartition("_")[2]
    return int(digits) if digits.isdigit() else 0


def _refuse_columns(name: str, rows: Rows) -> None:
    if rows.keep or rows.columns or rows.fill:
        raise UsageError(f"{name} has no columns, as --keep, --columns and --fill want", hint=f"they are for tables: {', '.join(TABLES)}")
