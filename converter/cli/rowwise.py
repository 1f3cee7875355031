"""Sources of rows through a graph into a sink, or onto the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from converter.errors import GraphError, UsageError
from converter.rows.formats import CSV, JSONL, STREAMS
from converter.rows.scoring import Answers
from converter.rows.sinks import NpzSink, Sink, TableSink
from converter.rows.sources import Settings, Source, TableSource

if TYPE_CHECKING:
    import pyarrow as pa

    from converter.cli.rate import Rate
    from converter.runtime import Session


def run_to(sink: Sink, session: Session, sources: Sequence[Source], settings: Settings, rate: Rate) -> int:
    """Run the graph on every source and return the number of rows; raises ConverterError.

    Texts that a recogniser read are printed too, where the sink takes arrays only.
    """
    rows = 0
    with sink:
        for source in sources:
            for answers in source.answers(session, settings):
                if isinstance(answers, Answers) and isinstance(sink, NpzSink):
                    show_texts(answers, rows)
                sink.write(answers)
                count = answers.rows if isinstance(answers, Answers) else len(answers)
                rows += count
                rate.advance(source, count)
            rate.finish(source)
    return rows


def run_to_stdout(session: Session, sources: Sequence[Source], settings: Settings, kind: str | None, rate: Rate) -> None:
    """Print rows as `kind`; without it those of tables as CSV, or JSON lines where they came so, and everything else for people to read.

    Raises UsageError for a kind that a pipe cannot hold, and ConverterError.
    """
    tables = [source for source in sources if isinstance(source, TableSource)]
    if kind is None and tables:
        kind = JSONL if all(source.kind == JSONL for source in tables) else CSV
    if kind is not None and kind not in STREAMS:
        raise UsageError(f"{kind} is not written to a pipe", hint=f"-o FILE.{kind}, or --to {' or '.join(STREAMS)}")
    try:
        run_to(Screen() if kind is None else TableSink(sys.stdout.buffer, kind, session.outputs), session, sources, settings, rate)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def refuse_own_input(target: Path, sources: Sequence[Source]) -> None:
    """Raise UsageError where what is written would replace what is read."""
    if any(path.resolve() == target.resolve() for source in sources for path in source.paths):
        raise UsageError(f"{target} would replace the data that it is made of", hint="-o another name or folder")


class Screen(Sink):
    """Answers for people: texts as they come, arrays in the end."""

    def __init__(self) -> None:
        self._rows = 0
        self._outputs: list[dict[str, Any]] = []

    def write(self, answers: Answers | pa.RecordBatch) -> None:
        """See Sink."""
        assert isinstance(answers, Answers)
        show_texts(answers, self._rows)
        self._rows += answers.rows
        if answers.texts is None:
            self._outputs.append(dict(answers.outputs))

    def abandon(self) -> None:
        """See Sink."""

    def close(self) -> None:
        """See Sink."""
        if self._outputs:
            click.echo("\n".join(_shown(name, [each[name] for each in self._outputs]) for name in self._outputs[0]))


def show_texts(answers: Answers, first: int) -> None:
    """Print the texts with the names of their images, or numbered from `first`."""
    if answers.texts is not None:
        names = answers.names or [str(first + place) for place in range(len(answers.texts))]
        click.echo("\n".join(f"{name}\t{text}" for name, text in zip(names, answers.texts, strict=True)))


def _shown(name: str, parts: list[Any]) -> str:
    """An output as a person reads it; the rows of several batches one after the other."""
    if len(parts) > 1 and len({part.shape[1:] if isinstance(part, np.ndarray) and part.ndim else None for part in parts} - {None}) != 1:
        raise GraphError(
            f"output '{name}' cannot be shown whole, since its batches differ in shape", hint="a --batch-size of all the rows makes one batch"
        )
    value = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if not isinstance(value, np.ndarray):
        return f"{name} {value}"
    text = np.array2string(value, threshold=20, precision=5, edgeitems=2)
    return f"{name} {value.dtype} {list(value.shape)}\n{text}"
