"""`converter convert`: one source, or several into a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli import failures
from converter.cli.options import output_options, proof_options, source_options
from converter.cli.progress import Progress

if TYPE_CHECKING:
    from converter.errors import ConverterError
    from converter.validation import Report


@click.command(name="convert")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path())
@click.option("-o", "--output", metavar="FILE", help="The .onnx file, or the folder for several sources (with / at its end).")
@source_options
@click.option("--exporter", default="", metavar="NAME", help="Only this exporter, instead of every one until a graph agrees.")
@click.option("--opset", type=click.IntRange(min=1), help="Version of ONNX's default operator set.")
@proof_options
@click.option("--budget", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Leave out less telling cases after this time.")
@click.option("--cases", metavar="DIR", type=click.Path(file_okay=False), help="Record the cases there, in ONNX's test_data_set_N layout.")
@click.option("--keep-rejected", is_flag=True, help="Write a graph that disagrees as *.rejected.onnx, with its cases.")
@output_options
def command(sources: tuple[str, ...], output: str | None, **options: Any) -> int:
    """Convert SOURCE to ONNX, prove that the graph computes what the model computes, and publish it.

    SOURCE is a file, a folder, or package.module:attribute. With several sources, --output names a folder.
    """
    if len(sources) > 1 or (output is not None and (output.endswith("/") or Path(output).is_dir())):
        return _convert_several(sources, Path(output) if output else None, options)
    report = _convert(sources[0], Path(output) if output else None, options)
    _write_report([report], options)
    if options["as_json"]:
        click.echo(json.dumps(report.to_json(), indent=1))
    elif not options["quiet"]:
        _show(report, table=options["table"])
    if not report.agrees:
        _show_rejection(report)
    return failures.AGREES if report.agrees else failures.DISAGREES


def _convert(source: str, destination: Path | None, options: dict[str, Any]) -> Report:
    from converter import api
    from converter.source import Source

    destination = destination or api.default_destination(Source.of(source))
    with Progress(quiet=options["quiet"]) as progress:
        if not options["quiet"]:
            click.echo(source, err=True)
        return api.convert(source, destination, observers=[progress], **_arguments(options))


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    """The options that `api.convert` takes, under its names."""
    shown = {"report_file", "table", "as_json", "quiet", "debug"}
    return {**{name: value for name, value in options.items() if name not in shown}, "options": dict(options["options"])}


def _show(report: Report, *, table: bool) -> None:
    from converter.cli import screens

    if table:
        click.echo(screens.validation_table(report, report.attempts[-1]) + "\n")
    if report.agrees:
        click.echo(screens.signature(report))


def _show_rejection(report: Report) -> None:
    for attempt in report.attempts:
        if attempt.error is not None:
            click.echo(f"  {attempt.exporter}: {attempt.error.message}", err=True)
    click.echo(f"{click.style('error:', fg='red')} no exporter's graph agrees with the model; the destination was left as it was", err=True)
    if report.rejected is not None:
        hint = f"the graph is kept as {report.rejected}"
    else:
        hint = "--keep-rejected writes the graph as *.rejected.onnx, with its cases, for a look"
    click.echo(f"{click.style('hint:', fg='cyan')} {hint}", err=True)


def _convert_several(sources: tuple[str, ...], folder: Path | None, options: dict[str, Any]) -> int:
    from converter.cli import screens
    from converter.cli.files import destinations
    from converter.errors import ConverterError, UsageError

    if folder is None:
        raise UsageError(f"{len(sources)} sources want a folder", hint="-o out/")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and {len(sources)} sources want a folder", hint="-o out/")
    reports: list[Report] = []
    rows: list[list[str]] = []
    status = failures.AGREES
    targets = destinations([Path(source.replace(":", ".")) for source in sources], folder, [".onnx"] * len(sources))
    for source, destination in zip(sources, targets, strict=True):
        try:
            reports.append(_convert(source, destination, _with_own_cases(options, destination)))
            rows.append(screens.summary_row(source, reports[-1]))
            status = max(status, failures.AGREES if reports[-1].agrees else failures.DISAGREES)
        except ConverterError as error:
            rows.append([Path(source).name, "", "cannot", error.message.splitlines()[0], "", ""])
            status = max(status, _note_failure(source, error, options))
    _write_report(reports, options)
    if options["as_json"]:
        click.echo(json.dumps([report.to_json() for report in reports], indent=1))
    elif not options["quiet"]:
        click.echo(screens.table(rows))
        click.echo(f"{sum(report.agrees for report in reports)} of {len(sources)} converted · {folder}")
    return status


def _with_own_cases(options: dict[str, Any], destination: Path) -> dict[str, Any]:
    """Each source records into a folder of its own, named like its graph."""
    return {**options, "cases": str(Path(options["cases"]) / destination.stem)} if options["cases"] else options


def _note_failure(source: str, error: ConverterError, options: dict[str, Any]) -> int:
    if not options["quiet"]:
        click.echo(f"  {source}", err=True)
    return failures.show(error)


def _write_report(reports: list[Report], options: dict[str, Any]) -> None:
    if options["report_file"] is None:
        return
    from converter.cli.files import write_text

    documents = [report.to_json() for report in reports]
    write_text(Path(options["report_file"]), json.dumps(documents[0] if len(documents) == 1 else documents, indent=1))
