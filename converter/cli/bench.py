"""`converter bench`: how long a graph takes, and the model that it came from."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.options import KeyValue, device_option, source_options
from converter.cli.progress import Progress

if TYPE_CHECKING:
    from converter.benching import BenchReport
    from converter.stages import Event


@click.command(name="bench")
@click.argument("graph", type=click.Path())
@click.option("--against", metavar="SOURCE", help="The model that the graph came from, measured beside it in a process of its own.")
@click.option(
    "--sizes", type=KeyValue(), multiple=True, metavar="AXIS=N,N", help="Sizes of a free axis: batch=1,8,64. Every combination is measured."
)
@source_options
@device_option("Where the graph is measured")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Threads of one operator, and of the source's libraries.")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, metavar="S", help="The most that one size may take."
)
@click.option(
    "--within",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="Measure until every median is known to within this share of it.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(min=0.5, max=1, max_open=True),
    default=0.95,
    show_default=True,
    metavar="SHARE",
    help="How surely it is known.",
)
@click.option("--plot", metavar="FILE", type=click.Path(), help="Draw latency and throughput: .png or .svg.")
@click.option("--report", "report_file", metavar="FILE.json", type=click.Path(dir_okay=False), help="Write the report.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--debug", is_flag=True, help="Show tracebacks and what the worker printed.")
def command(graph: str, plot: str | None, report_file: str | None, *, as_json: bool, quiet: bool, debug: bool, **options: Any) -> None:
    """Measure how long GRAPH takes: called through ONNX Runtime, as a Session, bound, and beside its source model.

    The contenders run in turns until every median is known well enough, or the time is up. Other work on the machine disturbs: the table says
    how surely each median is known.
    """
    del debug  # read by converter.cli.failures
    from converter import api
    from converter.benching.plot import check_plot, draw
    from converter.cli.files import replacing, write_text

    if plot is not None:
        check_plot(Path(plot))
    sizes = {axis: ",".join(each for name, each in options["sizes"] if name == axis) for axis, _ in options["sizes"]}
    arguments = {**options, "sizes": sizes, "options": dict(options["options"])}
    with contextlib.ExitStack() as stack:
        drawing = stack.enter_context(replacing(Path(plot))) if plot is not None else None  # what cannot be written is told before the work
        with QuietProgress(quiet=quiet) as progress:
            report = api.bench(graph, observers=[progress], **arguments)
        if drawing is not None:
            draw(report, drawing)
    if report_file is not None:
        write_text(Path(report_file), json.dumps(report.to_json(), indent=1))
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=1))
    elif not quiet:
        _show(report)


class QuietProgress(Progress):
    """Says what is being measured, and then keeps still: a line that moves would take its time from what is measured."""

    _is_said = False

    def _show_running(self, event: Event) -> None:
        if event.stage != "measure":
            super()._show_running(event)
        elif event.state == "started" and sys.stderr.isatty():
            click.echo(f"  {event.stage:<12}           {event.subject} …", nl=False, err=True)
            self._is_said = True

    def _stop(self) -> None:
        super()._stop()
        if self._is_said:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._is_said = False


def _show(report: BenchReport) -> None:
    from converter.cli import bench_screen

    click.echo(bench_screen.head(report))
    if sys.stdout.isatty():
        bench_screen.print_table(report)
    else:
        click.echo(bench_screen.table(report))
    click.echo("\n".join(bench_screen.remarks(report)))
