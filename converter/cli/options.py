"""Options that several commands share, each defined once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class KeyValue(click.ParamType[tuple[str, str]]):
    """A text `key=value`."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return (key, value)."""
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not equals or not key:
            self.fail(f"'{value}' is not key=value", param, ctx)
        return key, text


class JsonObject(click.ParamType[dict[str, Any]]):
    """A JSON object: `{"depth": 3}`."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Return the object."""
        if isinstance(value, dict):
            return value
        try:
            found = json.loads(value)
        except ValueError as error:
            self.fail(f"'{value}' is not JSON: {error}", param, ctx)
        if not isinstance(found, dict):
            self.fail(f"'{value}' is not a JSON object, such as {{\"depth\": 3}}", param, ctx)
        return found


def complete_framework(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the installed frameworks that begin so, for the shell."""
    from converter import plugins

    return [name for name in plugins.frameworks() if name.startswith(incomplete)]


def device_option(purpose: str, default: str = "auto") -> Callable[[Command], Command]:
    """The option --device of a command that runs graphs; the purpose says for what."""
    return click.option("--device", default=default, show_default=True, metavar="DEVICE", help=f"{purpose}: cpu, cuda, cuda:1, tensorrt, auto.")


_SOURCE = [
    click.option("--framework", default="", metavar="NAME", help="The plugin, where the source does not tell.", shell_complete=complete_framework),
    click.option("--model", default="", metavar="MODULE:CLASS", help="The class or factory that a file of weights belongs to."),
    click.option("--model-args", type=JsonObject(), default=None, help="Keyword arguments for --model, or for a source that is a class or function."),
    click.option("--input", "inputs", multiple=True, metavar="NAME:DTYPE[DIMS]", help="An input; a dim is a number, a name, or width=16..512."),
    click.option("--data", multiple=True, metavar="FILE", help="Real samples: .npz .npy .csv .parquet, images; patterns allowed."),
    click.option(
        "-O", "--option", "options", type=KeyValue(), multiple=True, help="An option of the plugin; converter plugins show NAME lists them."
    ),
    click.option("--trust", is_flag=True, help="Load sources that execute code, such as any pickle."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="How long one step of the worker may take."),
    click.option("--memory", metavar="SIZE", help="How much memory the worker may take: 8GB."),
]
_PROOF = [
    device_option("Where the graph is validated", "cpu"),
    click.option("--atol", type=click.FloatRange(min=0), help="Absolute tolerance, in place of the dtype's."),
    click.option("--rtol", type=click.FloatRange(min=0), help="Relative tolerance, in place of the dtype's."),
    click.option("--seeds", type=click.IntRange(min=1), default=3, help="How often the example's sizes are sampled.", show_default=True),
]
_OUTPUT = [
    click.option("--report", "report_file", metavar="FILE.json", type=click.Path(dir_okay=False), help="Write the report."),
    click.option("--table", is_flag=True, help="Show how each case compares."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout."),
    click.option("--quiet", is_flag=True, help="Print nothing but errors."),
    click.option("--debug", is_flag=True, help="Show tracebacks and what the worker printed."),
]


def _all(options: list[Callable[[Any], Any]]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


source_options = _all(_SOURCE)
proof_options = _all(_PROOF)
output_options = _all(_OUTPUT)
