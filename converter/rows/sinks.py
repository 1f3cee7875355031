"""Where answers go: a table, or an .npz."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from converter.errors import MissingPackage
from converter.rows.formats import NPZ
from converter.rows.npz import NpzWriter, arrays_of
from converter.rows.scoring import Answers, batch_of
from converter.rows.writers import WRITERS

if TYPE_CHECKING:
    import pyarrow as pa

    from converter.runtime import Port


class Sink(ABC):
    """Takes answers as they come; as a context it ends well or gives up what it has."""

    @abstractmethod
    def write(self, answers: Answers | pa.RecordBatch) -> None:
        """Take the answers of a batch; raises ConverterError where they do not fit."""

    @abstractmethod
    def close(self) -> None:
        """All answers were given."""

    @abstractmethod
    def abandon(self) -> None:
        """No more answers will come, and those that came will not be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


class TableSink(Sink):
    """A table, on disk or into a pipe."""

    def __init__(self, target: Path | IO[bytes], kind: str, outputs: Sequence[Port]) -> None:
        self._is_ours, self._outputs = isinstance(target, Path), outputs
        self._file = _opened(target, kind) if isinstance(target, Path) else target
        self._writer = WRITERS[kind](self._file, is_pipe=not self._is_ours)

    def write(self, answers: Answers | pa.RecordBatch) -> None:
        """See Sink."""
        self._writer.write(batch_of(self._outputs, answers) if isinstance(answers, Answers) else answers)

    def close(self) -> None:
        """See Sink."""
        self._writer.close()
        if self._is_ours:
            self._file.close()

    def abandon(self) -> None:
        """See Sink."""
        with contextlib.suppress(Exception):  # whatever it says of half a file, the first error is the one to tell
            self.close()


class NpzSink(Sink):
    """An .npz with an array for each output, or each column."""

    def __init__(self, path: Path) -> None:
        self._writer = NpzWriter(path)

    def write(self, answers: Answers | pa.RecordBatch) -> None:
        """See Sink."""
        self._writer.write(answers.outputs if isinstance(answers, Answers) else arrays_of(answers))

    def close(self) -> None:
        """See Sink."""
        self._writer.close()

    def abandon(self) -> None:
        """See Sink."""
        self._writer.abandon()


def open_sink(path: Path, kind: str, outputs: Sequence[Port]) -> Sink:
    """Return where answers go for a file of this format."""
    return NpzSink(path) if kind == NPZ else TableSink(path, kind, outputs)


def _opened(path: Path, kind: str) -> Any:
    """A file of Arrow's own, which writes without holding Python up; raises MissingPackage without pyarrow."""
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingPackage("pyarrow", f"to write {kind}", extra="data") from None
    return pa.OSFile(str(path), "wb")
