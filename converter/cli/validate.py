"""`converter validate`: a graph that exists already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from converter.cli import failures
from converter.cli.options import output_options, proof_options, source_options
from converter.cli.progress import Progress


@click.command(name="validate")
@click.argument("graph", type=click.Path())
@click.option("--against", metavar="SOURCE", help="The model that the graph must agree with.")
@click.option("--cases", metavar="DIR", help="Cases recorded earlier, by `converter convert --cases` or in ONNX's test_data_set_N layout.")
@source_options
@proof_options
@output_options
def command(graph: str, **options: Any) -> int:
    """Validate GRAPH against its source model, against recorded cases, or alone.

    Alone, the checker judges it, and ONNX Runtime's optimised answers are compared with its unoptimised ones.
    """
    from converter import api
    from converter.cli import screens
    from converter.cli.files import write_text

    shown = {"report_file", "table", "as_json", "quiet", "debug"}
    arguments = {name: value for name, value in options.items() if name not in shown}
    with Progress(quiet=options["quiet"]) as progress:
        report = api.validate(graph, observers=[progress], **{**arguments, "options": dict(options["options"])})
    if options["report_file"]:
        write_text(Path(options["report_file"]), json.dumps(report.to_json(), indent=1))
    if options["as_json"]:
        click.echo(json.dumps(report.to_json(), indent=1))
    elif not options["quiet"]:
        if options["table"] or not report.agrees:
            click.echo(screens.validation_table(report, report.attempts[-1]))
        click.echo(f"{graph}: {report.attempts[-1].line}")
    return failures.AGREES if report.agrees else failures.DISAGREES
