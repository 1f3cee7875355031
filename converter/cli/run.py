"""`converter run`: a graph on values, arrays, images and tables. What it reads on stdout, rows and arrays to files or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli import failures
from converter.cli.options import KeyValue, device_option

if TYPE_CHECKING:
    from converter.rows.sources import Settings, Source
    from converter.runtime import Session


@click.command(name="run")
@click.argument("graph", type=click.Path())
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option(
    "--input",
    "inputs",
    type=KeyValue(),
    multiple=True,
    metavar="NAME=FILE",
    help="An input: images (patterns allowed), .npy, or a JSON value; beside DATA the same for every row.",
)
@click.option("--data", "more", multiple=True, metavar="FILE", help="The same as DATA.")
@click.option(
    "-o", "--output", metavar="FILE", help="A .csv .parquet .arrow .jsonl .npz file, or with / at its end a folder with a file for each of DATA."
)
@click.option(
    "--from", "read_as", type=click.Choice(["csv", "parquet", "arrow", "jsonl"]), help="What DATA holds, where its name or a pipe does not tell."
)
@click.option("--to", "write_as", type=click.Choice(["csv", "parquet", "arrow", "jsonl", "npz"]), help="What is written to the folder, or to stdout.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="ROWS", help="Rows in memory at a time; without it, what suits their width.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Pass a column of the table through; '*' for all.")
@click.option("--columns", type=KeyValue(), multiple=True, metavar="INPUT=A,B,C", help="The columns of an input, where the graph does not name them.")
@click.option("--fill", type=KeyValue(), multiple=True, metavar="COLUMN=VALUE", help="What stands for a missing value of a column.")
@click.option("--again", is_flag=True, help="Write the files of the folder that are there already, too.")
@device_option("Where the graph runs")
@click.option("--quiet", is_flag=True, help="Print nothing but results and errors.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def command(graph: str, data: tuple[str, ...], more: tuple[str, ...], output: str | None, **options: Any) -> int:
    """Run GRAPH on DATA and print what it answers: rows for a table, the text of each image where the graph says how to read it, else the values.

    DATA are tables (.csv .parquet .arrow .feather .jsonl; columns become inputs by name), arrays (.npz .npy .pb), images, folders and patterns of
    them, or - for a table on stdin.
    """
    from converter.cli.files import replacing
    from converter.cli.folder import run_to_folder
    from converter.cli.rate import Rate
    from converter.cli.rowwise import refuse_own_input, run_to, run_to_stdout
    from converter.errors import UsageError
    from converter.rows.formats import format_to_write
    from converter.rows.sinks import open_sink
    from converter.runtime import Session

    names = (*data, *more)
    to_folder = output is not None and (output.endswith("/") or Path(output).is_dir())
    kind = format_to_write(Path(output)) if output is not None and not to_folder else options["write_as"]
    if output is not None and not to_folder and options["write_as"] not in {None, kind}:
        raise UsageError(f"--to {options['write_as']} and -o {output} do not agree", hint="the suffix says it: leave out --to")
    session = Session(Path(graph), device=options["device"])
    sources, settings = sources_of(session, names, options, apart=to_folder), settings_of(session, names, options)
    with Rate(sources, quiet=options["quiet"]) as rate:
        if output is None:
            run_to_stdout(session, sources, settings, kind, rate)
        elif to_folder:
            return run_to_folder(Path(graph), session, sources, settings, Path(output), rate, options)
        else:
            refuse_own_input(Path(output), sources)
            with replacing(Path(output)) as beside:
                run_to(open_sink(beside, str(kind), session.outputs), session, sources, settings, rate)
    return failures.AGREES


def sources_of(session: Session, names: Sequence[str], options: dict[str, Any], *, apart: bool) -> list[Source]:
    """Return what goes through the graph: the data, or the inputs where there is none; raises as `find_sources` and `read_values`."""
    from converter.cli.given import source_of
    from converter.rows.sources import find_sources

    if not names:
        return [source_of(session, options["inputs"])]
    return find_sources(names, options["read_as"] or "", lambda: sys.stdin.buffer, images_apart=apart)


def settings_of(session: Session, names: Sequence[str], options: dict[str, Any]) -> Settings:
    """Return how the options say that rows go through the graph; raises as `read_values`."""
    from converter.cli.given import read_values
    from converter.rows.sources import Settings
    from converter.runtime.tables.batches import Rows

    columns = {name: text.split(",") for name, text in options["columns"]}
    constants = read_values(session, options["inputs"]) if names else {}
    return Settings(Rows(options["keep"], columns, constants, dict(options["fill"])), options["batch_size"])
