"""The stages on the screen: a live line on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.status import Status

    from converter.stages import Event

_SILENT = frozenset({"match", "finish", "check"})  # stages that earn no line of their own


class Progress:
    """An observer that prints a line for each stage; nothing with `quiet`. On stderr, since stdout carries data."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._status: Status | None = None
        self._note = ""  # what the finish stage said, shown with the export

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if self._quiet:
            return
        if event.state in {"started", "progress"}:
            self._show_running(event)
            return
        self._stop()
        if event.state == "finished" and event.stage not in _SILENT:
            self._line(event)
        elif event.stage == "finish" and event.state == "finished":
            click.echo(f"  {'':<13}       {event.detail}", err=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _show_running(self, event: Event) -> None:
        if not sys.stderr.isatty():
            return
        bar = f" {event.done} of {event.total}" if event.total else ""
        text = f"{_title(event)}{bar}"
        if self._status is None:
            from rich.console import Console
            from rich.status import Status

            self._status = Status(text, console=Console(stderr=True))
            self._status.start()
        else:
            self._status.update(text)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _line(self, event: Event) -> None:
        seconds = f"{event.seconds:5.1f} s" if event.stage != "publish" else "       "
        if event.stage == "publish" and not event.detail:
            return
        good = event.stage == "validate" and not event.detail.startswith("rejected")
        colour = "green" if good else "red" if event.stage == "validate" else None
        click.echo(f"  {_title(event):<12} {seconds}   {click.style(event.detail, fg=colour)}", err=True)


def _title(event: Event) -> str:
    return event.subject if event.stage == "export" else event.stage
