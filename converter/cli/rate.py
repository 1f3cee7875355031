"""A bar for rows that go through a graph: how much is done, how many a second, how long it will take. On a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from converter.rows.sources import Source


class Rate:
    """Told of every batch. On stderr, since stdout carries data; nothing where that is no terminal, or with `quiet`."""

    def __init__(self, sources: Sequence[Source], *, quiet: bool) -> None:
        self._shown = sys.stderr.isatty() and not quiet
        self._bytes = {id(source): max(source.bytes, 1) for source in sources}
        self._total, self._done, self._rows = sum(self._bytes.values()), 0.0, 0
        self._bar: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        self._begin = monotonic()
        if self._shown:
            self._bar = _bar(self._total)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar[0].stop()

    def advance(self, source: Source, rows: int) -> None:
        """So many more rows of a source are done."""
        self._rows += rows
        if self._bar is not None:
            bar, task = self._bar
            speed = self._rows / max(monotonic() - self._begin, 1e-9)
            done = self._done + source.share * self._bytes[id(source)]
            bar.update(task, completed=done, description=source.name, rows=f"{count(self._rows)} rows, {count(speed)}/s")

    def finish(self, source: Source) -> None:
        """A source is done, or given up."""
        self._done += self._bytes[id(source)]
        if self._bar is not None:
            self._bar[0].update(self._bar[1], completed=self._done)


def count(number: float) -> str:
    """Return a count for people: 950, 12.3 k, 4.0 M."""
    for unit in ("", " k", " M"):
        if number < 999.5 or unit == " M":
            return f"{number:.0f}" if not unit else f"{number:.1f}{unit}"
        number /= 1000
    raise AssertionError


def _bar(total: int) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task("", total=total, rows="")
