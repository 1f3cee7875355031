"""Record batches as JSON lines that JSON reads back."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.rows.jsonlines import json_lines


def lines(**columns: Any) -> list[Any]:
    text = json_lines(pa.record_batch(columns)).decode()
    assert text.endswith("\n") or not text
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.booleans()),
            st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(0, 9)))),
        ),
        max_size=5,
    ),
    start=st.integers(0, 3),
)
def test_every_value_is_read_back(rows: list[tuple[Any, ...]], start: int) -> None:
    kinds = [pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.list_(pa.int64())]
    batch = pa.RecordBatch.from_arrays([pa.array([row[at] for row in rows], kind) for at, kind in enumerate(kinds)], list('ab"é,'))
    found = json_lines(batch.slice(start)).decode().split("\n")
    assert found.pop() == ""
    assert [tuple(json.loads(line).values()) for line in found] == rows[start:]
    assert all(list(json.loads(line)) == list('ab"é,') for line in found)


def test_numbers_are_as_short_as_their_dtype_allows() -> None:
    assert json_lines(pa.record_batch({"x": pa.array([0.1, 1e20], pa.float32())})) == b'{"x": 0.1}\n{"x": 1e+20}\n'
    assert lines(x=pa.array([0.5], pa.float16())) == [{"x": 0.5}]


def test_what_json_lacks_is_null() -> None:
    assert lines(x=[float("nan"), float("inf"), None], y=[[float("-inf")], None, []]) == [
        {"x": None, "y": [None]},
        {"x": None, "y": None},
        {"x": None, "y": []},
    ]


def test_nested_values_and_kinds_of_their_own() -> None:
    cube = pa.array([[[1, 2]], [[3, 4]], [[5, 6]]], pa.list_(pa.list_(pa.int8(), 2), 1)).slice(1)
    assert lines(cube=cube) == [{"cube": [[3, 4]]}, {"cube": [[5, 6]]}]
    maps = pa.array([[(0, 0.5), (1, 0.25)], None], pa.map_(pa.int64(), pa.float32()))
    assert lines(p=maps) == [{"p": {"0": 0.5, "1": 0.25}}, {"p": None}]
    assert lines(day=[dt.date(2026, 11, 1)], cost=[Decimal("1.50")]) == [{"day": "2026-11-01", "cost": "1.50"}]
    assert lines(town=pa.array(["Ulm", None]).dictionary_encode()) == [{"town": "Ulm"}, {"town": None}]
    assert lines(x=pa.array([], pa.int64())) == []
