"""The stages on the screen: a live line on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from converter.units import format_bytes

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from converter.stages import Event

_SILENT = frozenset({"match", "export", "check"})  # stages that earn no line of their own; an export's comes with its finish

_COUNTED = frozenset({"record", "validate"})


class Progress:
    """An observer that prints a line for each stage; nothing with `quiet`. On stderr, since stdout carries data."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: tuple[Bars, TaskID] | None = None  # the line of the stage that runs
        self._exported = 0.0  # seconds of the export that is being finished

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if self._quiet:
            return
        if event.state in {"started", "progress"}:
            self._show_running(event)
            return
        self._stop()
        if event.state == "failed":
            self._failure(event)
        elif event.stage == "export":
            self._exported = event.seconds
        elif event.stage == "finish":
            self._line(event.subject, event.seconds + self._exported, event.detail)
        elif event.stage == "publish":
            self._published(event)
        elif event.stage not in _SILENT:
            self._line(event.stage, event.seconds, event.detail, colour=_verdict(event))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _show_running(self, event: Event) -> None:
        """A spinner and the seconds; a bar where the stage counts its steps."""
        if not sys.stderr.isatty():
            return
        if self._live is None:
            self._live = _running_line(_title(event), counted=event.stage in _COUNTED)
        bars, line = self._live
        if event.total:
            bars.update(line, completed=event.done, total=event.total)

    def _stop(self) -> None:
        if self._live is not None:
            self._live[0].stop()
            self._live = None

    def _failure(self, event: Event) -> None:
        """A failed exporter is not the end; any other failure is told as the command's error."""
        if event.stage in {"export", "finish"}:
            self._line(event.subject, event.seconds, f"failed: {event.detail}", colour="red")

    def _published(self, event: Event) -> None:
        if event.detail:
            path = Path(event.detail)
            shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
            size = sum(file.stat().st_size for file in (path, *path.parent.glob(f"{path.stem}.*.data")))
            self._line(event.stage, None, f"{shown}  {format_bytes(size)}")

    @staticmethod
    def _line(title: str, seconds: float | None, detail: str, colour: str | None = None) -> None:
        time = f"{seconds:5.1f} s" if seconds is not None else " " * 7
        click.echo(f"  {title:<12} {time}   {click.style(detail, fg=colour)}", err=True)


def _running_line(title: str, *, counted: bool) -> tuple[Bars, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    steps = (BarColumn(bar_width=24), MofNCompleteColumn()) if counted else ()
    columns = (SpinnerColumn(), TextColumn("{task.description:<12}"), TimeElapsedColumn(), *steps)
    bars = Bars(*columns, console=Console(stderr=True), transient=True)
    bars.start()
    return bars, bars.add_task(title, total=None)


def _title(event: Event) -> str:
    return event.subject if event.stage == "export" else event.stage


def _verdict(event: Event) -> str | None:
    if event.stage != "validate":
        return None
    return "red" if event.detail.startswith("rejected") else "green"
