"""Amounts of memory, and shares, as people write them."""

from __future__ import annotations

import re
from decimal import Decimal

from converter.errors import UsageError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_AMOUNT = re.compile(r"(\d{1,20}(?:\.\d+)?)\s*([kmgt]i?)?b?", re.IGNORECASE)


def parse_bytes(amount: int | str | None) -> int | None:
    """Return the bytes of "8GB", "512MiB" or a number; None stays None. Raises UsageError for anything else."""
    if amount is None or isinstance(amount, int):
        return amount
    match = _AMOUNT.fullmatch(amount.strip())
    if match is None:
        raise UsageError(f"'{amount}' is no amount of memory", hint="8GB, 512MiB, or a number of bytes")
    return int(Decimal(match[1]) * _UNITS[(match[2] or "").lower()])


def format_bytes(count: int) -> str:
    """Return a count of bytes for people: "33.4 MB"."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if round(size, 1) < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def format_share(share: float) -> str:
    """Return a share for people: "2.5 %"."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
