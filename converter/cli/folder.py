"""`converter run … -o FOLDER/`: a file for each source, each written beside and renamed; what is done already stays, and one that fails stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from converter.cli import failures, screens
from converter.cli.files import destinations, replacing, write_text
from converter.cli.rate import count
from converter.cli.rowwise import refuse_own_input, run_to
from converter.errors import ConverterError, DestinationError, UsageError
from converter.rows import made
from converter.rows.formats import NPZ, TABLES
from converter.rows.sinks import open_sink

if TYPE_CHECKING:
    from converter.cli.rate import Rate
    from converter.rows.sources import Settings, Source
    from converter.runtime import Session


def run_to_folder(
    graph: Path, session: Session, sources: Sequence[Source], settings: Settings, folder: Path, rate: Rate, options: dict[str, Any]
) -> int:
    """Run the graph on each source, write `FOLDER/name.suffix`, and print a line for each; return the exit code.

    A source whose file was made of just this graph and input is left alone, unless `again`. Raises UsageError and DestinationError.
    """
    if unnamed := [source.name for source in sources if not source.paths]:
        raise UsageError(f"{unnamed[0]} has no name that a file of the folder could take", hint="-o FILE")
    if folder.exists() and not folder.is_dir():
        raise DestinationError(f"{folder} is a file, and a folder was meant", hint="-o another/")
    kinds = [options["write_as"] or (source.kind if source.kind in TABLES else NPZ) for source in sources]
    targets = destinations([_origin(source) for source in sources], folder, [f".{kind}" for kind in kinds])
    for target in targets:
        refuse_own_input(target, sources)
    digest = made.digest_of_graph(graph)
    constants = {name: value.tolist() for name, value in settings.rows.constants.items()}
    decides = [settings.rows.keep, settings.rows.columns, settings.rows.fill, made.digest_of(constants), options["read_as"]]
    rows: list[list[str]] = []
    status = failures.AGREES
    for source, target, kind in zip(sources, targets, kinds, strict=True):
        made_of = made.origin(digest, source.paths, decides)
        begin = perf_counter()
        if not options["again"] and made.is_made(target, made_of):
            rows.append([source.name, "there", "", ""])
            rate.finish(source)
            continue
        try:
            with replacing(target) as beside:
                number = run_to(open_sink(beside, kind, session.outputs), session, [source], settings, rate)
            write_text(*made.record(target, made_of))
            rows.append([source.name, "written", f"{count(number)} row{'s' * (number != 1)}", f"{perf_counter() - begin:.1f} s"])
        except ConverterError as error:
            rate.finish(source)
            click.echo(f"  {source.name}", err=True)
            failures.show(error)
            status = failures.CANNOT
            rows.append([source.name, "cannot", error.message.splitlines()[0], ""])
    if not options["quiet"]:
        click.echo(screens.table(rows))
        click.echo(f"{sum(row[1] != 'cannot' for row in rows)} of {len(rows)} are there · {folder}")
    return status


def _origin(source: Source) -> Path:
    """What a source's file is named after: the source's file, or for a case of several its folder."""
    return source.paths[0] if len(source.paths) == 1 else Path(source.name)
