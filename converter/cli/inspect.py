"""`converter inspect`: what a graph takes, gives and is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from converter.graph.inspecting import Summary


@click.command(name="inspect")
@click.argument("graph", metavar="GRAPH|SOURCE", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def command(graph: str, *, as_json: bool, debug: bool) -> None:
    """Show inputs, outputs, axes, opset, operators, parameters, size and provenance of GRAPH.

    Of a SOURCE that is none, a SavedModel folder or another file, show its framework and what it offers for options.
    """
    del debug  # read by converter.cli.failures
    from converter.errors import SourceNotFound

    path = Path(graph)
    if not path.exists():
        raise SourceNotFound(graph)
    if path.is_dir() or path.suffix != ".onnx":
        document = _source(path)
        if document or path.is_dir():
            click.echo(json.dumps(document, indent=1) if as_json else _source_page(document))
            return
    from converter.graph.inspecting import inspect

    summary = inspect(path)
    click.echo(json.dumps(summary.to_json(), indent=1) if as_json else _page(summary))


def _source(path: Path) -> dict[str, Any]:
    """What a file or a folder of a framework offers; empty for a file that surely belongs to none."""
    from converter import matching
    from converter.source import Source

    source = Source.of(path)
    framework = matching.sure(source)
    if framework is None and path.is_dir():
        framework = matching.select(source)
    return {} if framework is None else {"framework": framework.name, "options": {**matching.choices(framework, source)}}


def _source_page(document: Mapping[str, Any]) -> str:
    from converter.cli import screens

    rows = [[f"-O {option}={value}", line] for option, values in document["options"].items() for value, line in values.items()]
    return "\n\n".join([screens.table([["framework", document["framework"]]]), *([screens.table(rows)] if rows else [])])


def _page(summary: Summary) -> str:
    from converter.cli import screens
    from converter.units import format_bytes

    values = [(value.name, value.dtype, screens.dims(value.dims)) for value in (*summary.inputs, *summary.outputs)]
    places = [*["inputs", *([""] * (len(summary.inputs) - 1))][: len(summary.inputs)], "outputs", *([""] * (len(summary.outputs) - 1))]
    rows = [[place, *value] for place, value in zip(places, values, strict=True)]
    external = f" and {format_bytes(summary.data_size)} of external weights" if summary.data_size else ""
    facts = [
        ["axes", ", ".join(summary.axes) or "none"],
        ["opset", ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in summary.opsets.items())],
        ["IR version", str(summary.ir_version)],
        ["producer", summary.producer or "not stated"],
        ["nodes", f"{sum(summary.operators.values())}: " + ", ".join(f"{count} {name}" for name, count in summary.operators.items())],
        ["parameters", f"{summary.parameters:,}".replace(",", " ")],
        ["size", format_bytes(summary.size) + external],
    ]
    parts = [screens.table(rows), screens.table(facts)]
    if summary.metadata:
        parts.append(screens.table([[key, value] for key, value in sorted(summary.metadata.items())]))
    return "\n\n".join(parts)
