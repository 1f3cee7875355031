"""Errors on the screen: what happened and which value, an empty line's worth of detail with --debug, and the hint. Exit codes."""

from __future__ import annotations

import sys
import traceback

import click

from converter.errors import ConverterError, UsageError

AGREES, DISAGREES, USAGE, CANNOT = 0, 1, 2, 3


def show(error: Exception) -> int:
    """Print an error on stderr and return the exit code. An error of ours that is none of ConverterError is shown with its traceback."""
    debug = "--debug" in sys.argv
    if not isinstance(error, ConverterError):
        click.echo("".join(traceback.format_exception(error)), err=True)
        click.secho(f"error: {type(error).__name__}: {error}", fg="red", err=True)
        click.echo("hint: this is a fault of converter itself; please report it with the lines above", err=True)
        return CANNOT
    if debug:
        click.echo(details(error), err=True)
    click.echo(f"{click.style('error:', fg='red')} {error.message}", err=True)
    if error.hint:
        click.echo(f"{click.style('hint:', fg='cyan')} {error.hint}", err=True)
    return USAGE if isinstance(error, UsageError) else CANNOT


def details(error: BaseException) -> str:
    """Return tracebacks of the error and its causes, a plugin's own and a worker's last output included."""
    parts = ["".join(traceback.format_exception(error, chain=False))]
    parts += [str(getattr(error, name)) for name in ("details", "log") if getattr(error, name, "")]
    if error.__cause__ is not None:
        parts.append(details(error.__cause__))
    return "\n".join(parts)
