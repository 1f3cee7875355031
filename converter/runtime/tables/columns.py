"""Which columns of a table make an input of a graph. Names only: the values are another file's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import count, takewhile
from math import prod

from converter.errors import GraphError, InputError
from converter.runtime.opening.ports import Dim, shown_dims

METADATA_KEY = "columns"
"""Of a graph's metadata; the value is JSON: {"features": ["age", "height"]}."""


@dataclass(frozen=True)
class Wanted:
    """An input that rows of a table shall make; `known` are its columns where the model knows them."""

    name: str
    dims: tuple[Dim, ...]
    known: tuple[str, ...] = ()

    @property
    def width(self) -> int | None:
        """How many numbers one row holds: 1 for [batch], n for [batch, n]; None where an axis is free."""
        lengths = [dim for dim in self.dims[1:] if isinstance(dim, int)]
        return prod(lengths) if len(lengths) == len(self.dims[1:]) else None

    def __str__(self) -> str:
        return f"'{self.name}' {shown_dims(self.dims)}"


def columns_in(metadata: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The columns of each input that a graph's metadata names.

    Raises:
        GraphError: the metadata holds something else under that key.
    """
    if METADATA_KEY not in metadata:
        return {}
    try:
        return {str(name): tuple(map(str, columns)) for name, columns in json.loads(metadata[METADATA_KEY]).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise GraphError(
            f"the graph's metadata '{METADATA_KEY}' is {metadata[METADATA_KEY]!r}, which names no columns: {error}",
            hint='JSON is wanted: {"features": ["age", "height"]}',
        ) from error


def to_metadata(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The metadata that names the columns of a graph's inputs; names that say no more than the input's name or a place (x0, x1) are left out."""
    known = {name: list(names) for name, names in columns.items() if names and list(names) != [name] and not _only_count(names)}
    return {METADATA_KEY: json.dumps(known, ensure_ascii=False)} if known else {}


def _only_count(names: Sequence[str]) -> bool:
    return list(names) == [f"{names[0].removesuffix('0')}{place}" for place in range(len(names))]


def choose(wanted: Wanted, table: Sequence[str], *, spare: Sequence[str] | None = None) -> tuple[str, ...]:
    """Name the columns that make an input.

    The first of these that the table has: the columns that the model knows; the column of the input's name; `name_0`, `name_1` and so on; and for
    the only input of a graph every column of `spare`, or of the whole table where only that many fit.

    Args:
        wanted: the input.
        table: the names of the table's columns.
        spare: the columns that the graph's only input may take without being named; None where the graph has more inputs.

    Raises:
        InputError: the table lacks a column.
    """
    if wanted.known and all(name in table for name in wanted.known):
        return wanted.known
    if wanted.name in table:
        return (wanted.name,)
    numbered = _numbered(wanted, table)
    if numbered:
        return numbered
    if spare is not None and not wanted.known and len(wanted.dims) > 1:
        for names in (spare, table):
            if names and wanted.width in {None, len(names)}:
                return tuple(names)
        raise InputError(
            f"input {wanted} wants {wanted.width} columns, the table has {len(table)}: {_listed(table)}",
            hint=f"name its columns, {wanted.name}=a,b,c, or keep what is none of them",
        )
    missing = next((name for name in wanted.known if name not in table), wanted.name)
    near = get_close_matches(missing, table, 1)
    raise InputError(
        f"the table has no column '{missing}' for input '{wanted.name}'",
        hint=f"{f'perhaps {near[0]!r} was meant; ' if near else ''}its columns: {_listed(table)}",
    )


def _numbered(wanted: Wanted, table: Sequence[str]) -> tuple[str, ...]:
    """The columns `name_0`, `name_1` …: as many as the input wants, or as there are where it leaves that open."""
    present = set(table)
    if wanted.width is not None:
        names = [f"{wanted.name}_{place}" for place in range(wanted.width)] if len(wanted.dims) > 1 else []
        return tuple(names) if names and present.issuperset(names) else ()
    return tuple(takewhile(present.__contains__, (f"{wanted.name}_{place}" for place in count())))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:20])  # as many as a line or two hold
    return f"{shown}, … ({len(names)} in all)" if len(names) > 20 else shown or "none"
