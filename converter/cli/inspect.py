"""`converter inspect`: what a graph takes, gives and is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from converter.graph.inspecting import Summary


@click.command(name="inspect")
@click.argument("graph", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def command(graph: str, *, as_json: bool, debug: bool) -> None:
    """Show inputs, outputs, axes, opset, operators, parameters, size and provenance of GRAPH."""
    del debug  # read by converter.cli.failures
    from converter.errors import SourceNotFound
    from converter.graph.inspecting import inspect

    path = Path(graph)
    if not path.is_file():
        raise SourceNotFound(graph)
    summary = inspect(path)
    click.echo(json.dumps(summary.to_json(), indent=1) if as_json else _page(summary))


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
