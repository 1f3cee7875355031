"""The counts of target statistics, behind the message of a binary model: what training saw of each combination of categories, by its hash.

    how many tables, then each one: its length, and a FlatBuffers message
    a table     which combination, which kind, of which target; buckets of 12 bytes, a hash and a place; at a place the counts, or a sum and a count

The JSON form has them too, but of several targets' tables it keeps one.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter_catboost.flatbuffer import Table

_LONG = 0xFFFFFFFF  # in place of a length that wants 64 bits
_EMPTY = np.uint64(2**64 - 1)  # the hash of a bucket that holds nothing
_BUCKET = np.dtype([("hash", "<u8"), ("place", "<u4")])
_MEAN = np.dtype([("sum", "<f4"), ("count", "<i4")])
_MEANS, _TOTALS = (2, 3), (4, 5)  # of ECtrType


@dataclass(frozen=True, eq=False)
class Counts:
    """Hashes, uint64 [buckets], and what was counted of each, float64 [buckets, counts]; `denominator` is that of a share of all rows."""

    keys: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]
    denominator: int


def counts_of(trees: Table, rest: bytes) -> tuple[Counts, ...]:
    """Return the counts of each target statistic of a model's trees, in their order; raises ValueError where they are cut off or damaged."""
    asked = [_what(_there(_there(each.table(0)).table(0))) for each in trees.tables(7)]
    if not asked:
        return ()
    found = {}
    (count,), at = _read("<I", rest, 0), 4
    for _ in range(count):
        (length,), at = _read("<I", rest, at), at + 4
        if length == _LONG:
            (length,), at = _read("<Q", rest, at), at + 8
        if length > len(rest) - at:
            raise ValueError(f"{len(rest) - at} of {length} bytes of a table of counts are there")
        table = Table.root(rest[at : at + length])
        found[_what(_there(table.table(0)))] = _counts(table)
        at += length
    if any(each not in found for each in asked):
        raise ValueError("a target statistic has no counts")
    return tuple(found[each] for each in asked)


def _what(base: Table) -> Hashable:
    """What tells one table of counts from another: the combination, the kind, and the target."""
    combination = _there(base.table(0))
    parts = tuple(combination.array(field, dtype).tobytes() for field, dtype in enumerate(("<i4", "<u8", "<u8")))
    return *parts, _kind(base), int(base.number(2, "i", 0))


def _kind(base: Table) -> int:
    return int(base.number(1, "b", 0))


def _counts(table: Table) -> Counts:
    buckets = np.frombuffer(table.array(1, "u1").tobytes(), _BUCKET)
    filled = buckets[buckets["hash"] != _EMPTY]
    kind, blob = _kind(_there(table.table(0))), table.array(2, "u1").tobytes()
    if kind in _MEANS:
        means = np.frombuffer(blob, _MEAN)
        values = np.stack([means["sum"], means["count"]], axis=-1).astype(np.float64)
    else:
        width = 1 if kind in _TOTALS else max(1, int(table.number(4, "i", 0)))
        values = np.frombuffer(blob, "<i4").astype(np.float64).reshape(-1, width)
    if (filled["place"] >= len(values)).any():
        raise ValueError("a hash of a target statistic has no counts")
    return Counts(filled["hash"].astype(np.uint64), values[filled["place"]], int(table.number(3, "i", 0)))


def _there(table: Table | None) -> Table:
    if table is None:
        raise ValueError("a target statistic does not say of what it is")
    return table


def _read(code: str, data: bytes, at: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(code, data, at)
    except struct.error:
        raise ValueError("the counts of target statistics are cut off") from None
