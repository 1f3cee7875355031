"""One column of the table that an estimator takes, and random values for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from converter.plugin import Domain, Input

MOST_WORDS = 1000  # different texts of a column that are kept as its values
BESIDE = 0.5  # of the values of a column with thresholds lie on or beside one
STRANGE = 0.04  # of the values are infinite where that is asked, or missing among categories


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its dtype and domain; `encoded` where categories decide, so that its dtype must stay, `boxed` where an estimator knows numbers as objects.

    `thresholds`, float64, are what trees compare it with; `infinite` where infinities come too.
    """

    name: str = ""
    dtype: str = "float32"
    domain: Domain = Domain()
    encoded: bool = False
    thresholds: np.ndarray = field(default_factory=lambda: np.empty(0))
    infinite: bool = False
    boxed: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the column may share a matrix of floats with others."""
        return self.dtype not in {"string", "float64"} and not self.encoded

    def draw(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        """Return random values, [rows]: of the domain, and where there are thresholds on them, one step below and one above."""
        values = Input(self.name, self.dtype, ("rows",), self.domain).draw(rng, {"rows": rows})
        if len(self.thresholds):
            values = np.where(rng.random(rows) < BESIDE, self._beside(rng, rows, values.dtype), values)
        strange = [np.nan] * bool(self.domain.nan and self.domain.values) + [np.inf, -np.inf] * self.infinite
        if strange and values.dtype.kind == "f":
            values = np.where(rng.random(rows) < STRANGE, rng.choice(np.array(strange, values.dtype), rows), values)
        return values

    def _beside(self, rng: np.random.Generator, rows: int, dtype: np.dtype) -> np.ndarray:
        chosen = rng.choice(self.thresholds, rows)
        steps = rng.integers(-1, 2, rows)
        if dtype.kind != "f":
            whole: np.ndarray = (np.floor(chosen) + steps).astype(dtype)
            return whole
        at = chosen.astype(dtype)
        beside: np.ndarray = np.where(steps == 0, at, np.nextafter(at, np.where(steps > 0, np.inf, -np.inf).astype(dtype)))
        return beside


def merged(first: Column, second: Column) -> Column:
    """Return what two parts of a model together say about a column: categories win over ranges."""
    leading, other = (second, first) if second.encoded and not first.encoded else (first, second)
    low = leading.domain.low if leading.domain.low is not None else other.domain.low
    high = leading.domain.high if leading.domain.high is not None else other.domain.high
    domain = Domain(low, high, leading.domain.values or other.domain.values, leading.domain.nan or other.domain.nan)
    return replace(leading, domain=domain, thresholds=np.concatenate([first.thresholds, second.thresholds]))


def of_values(name: str, values: np.ndarray) -> Column:
    """Return the column that a user's table shows."""
    if values.dtype.kind in "OUS":
        words = sorted({str(value) for value in values if value is not None and value == value})  # noqa: PLR0124  NaN marks a missing text
        return Column(name, "string", Domain(values=tuple(words[:MOST_WORDS])))
    if values.dtype.kind == "b":
        return Column(name, "bool", Domain(values=(False, True)))
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (None, None)
    if values.dtype.kind in "iu":
        return Column(name, "int64", Domain(int(low or 0), int(high or 0)))
    return Column(
        name, "float32", Domain(None if low is None else float(low), None if high is None else float(high), nan=bool(np.isnan(values).any()))
    )


def of_categories(categories: Sequence[Any], *, unknown: bool) -> Column:
    """Return the column whose categories an encoder holds; with `unknown` a value that is none of them may occur."""
    known = np.array([value for value in categories if value is not None and value == value])  # noqa: PLR0124  NaN is a missing category
    if known.dtype.kind in "US":
        return Column("", "string", Domain(values=(*map(str, known), *(["something unknown"] if unknown else []))), encoded=True)
    if known.dtype.kind == "b":
        return Column("", "bool", encoded=True)
    if known.dtype.kind in "iu":
        return Column("", "int64", Domain(values=(*map(int, known), *([int(known.max()) + 1] if unknown else []))), encoded=True)
    nan = unknown or len(known) < len(categories)
    return Column("", _float_of(known), Domain(values=(*map(float, known), *([float(known.max()) + 1] if unknown else [])), nan=nan), encoded=True)


def of_codes(categories: Sequence[Any]) -> Column:
    """Return the column whose categories trees ask for, numbers among floats or texts; unknown, negative, fractional and missing ones occur."""
    numbers = [value for value in categories if not isinstance(value, str) and value is not None and value == value]  # noqa: PLR0124  NaN is missing
    if not numbers:
        return of_categories(categories, unknown=True)
    known = np.array(numbers, np.float64)
    values = (*known, *known, known.max() + 1, -1.0, known[0] + 0.5)
    boxed = np.asarray(categories).dtype == object
    return Column("", _float_of(known), Domain(values=tuple(map(float, values)), nan=True), boxed=boxed)


def _float_of(values: np.ndarray) -> str:
    exact = len(values) and bool((values.astype(np.float32) == values).all())
    return "float32" if exact else "float64"
