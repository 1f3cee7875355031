"""Amounts of memory are read and written as people do."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from converter.errors import UsageError
from converter.units import format_bytes, format_share, parse_bytes


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("512", 512), ("8GB", 8 * 10**9), ("8 gb", 8 * 10**9), ("1.5k", 1500), ("512MiB", 512 << 20), ("2Ti", 2 << 40), (7, 7), (None, None)],
)
def test_amounts(text: str | int | None, count: int | None) -> None:
    assert parse_bytes(text) == count


@given(st.integers(0, 2**60), st.sampled_from(["", "B", "b"]))
def test_a_number_of_bytes_is_itself(count: int, unit: str) -> None:
    assert parse_bytes(f"{count}{unit}") == count


def read(text: str) -> int | UsageError | None:
    """The count, or the refusal."""
    try:
        return parse_bytes(text)
    except UsageError as error:
        return error


@given(st.text(max_size=12))
@example("9" * 400)
@example("-3GB")
@example("٣GB")
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    found = read(text)
    if isinstance(found, UsageError):
        assert found.hint == "8GB, 512MiB, or a number of bytes"
    else:
        assert isinstance(found, int)
        assert found >= 0


@given(st.integers(0, 10**15))
def test_what_is_shown_is_near_the_count(count: int) -> None:
    shown = format_bytes(count)
    assert abs((parse_bytes(shown) or 0) - count) <= max(0, count) * 0.06
    assert len(shown.split()[0]) <= 5 or shown.endswith("GB")


def test_what_is_shown() -> None:
    assert [format_bytes(count) for count in (0, 999, 1000, 33_400_000, 2**31)] == ["0 B", "999 B", "1.0 kB", "33.4 MB", "2.1 GB"]


def test_shares_have_one_decimal_at_most() -> None:
    assert [format_share(share) for share in (0.02, 0.025, 0.95, 0.0004, 1)] == ["2 %", "2.5 %", "95 %", "0 %", "100 %"]
