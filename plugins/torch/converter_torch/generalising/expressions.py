"""From a number at several sizes to an expression of the axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LARGEST_DIVISOR = 64
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Term:
    """`(size + shift) // divisor * factor + offset` of one axis."""

    axis: str
    factor: int
    offset: int
    shift: int = 0
    divisor: int = 1

    def at(self, sizes: Sizes) -> int:
        """Return its value."""
        return (sizes[self.axis] + self.shift) // self.divisor * self.factor + self.offset

    def times(self, number: int) -> Term:
        """Return the term times a number."""
        return Term(self.axis, self.factor * number, self.offset * number, self.shift, self.divisor)


Product = tuple[Term, ...]


def fit(sizes: Sequence[Sizes], values: Sequence[int]) -> Product | None:
    """Return a product of terms, one an axis, that has the given value at each of the sizes; None where there is none.

    The first of `sizes` is the base: each other differs from it in one axis.
    """
    points = {axis: _points(axis, sizes, values) for axis in sizes[0]}
    moving = {axis: found for axis, found in points.items() if len(set(found.values())) > 1}
    parts = [_fit_one(axis, found) for axis, found in moving.items()]
    if not parts or any(part is None for part in parts):
        return None
    product = _scaled([part for part in parts if part is not None], sizes[0], values[0])
    if product is None or any(value_of(product, each) != value for each, value in zip(sizes, values, strict=True)):
        return None
    return product


def value_of(product: Product, sizes: Sizes) -> int:
    """Return the value of a product of terms."""
    return math.prod(term.at(sizes) for term in product)


def _points(axis: str, sizes: Sequence[Sizes], values: Sequence[int]) -> dict[int, int]:
    base = sizes[0]
    return {
        each[axis]: value for each, value in zip(sizes, values, strict=True) if all(each[other] == base[other] for other in base if other != axis)
    }


def _scaled(parts: Sequence[Term], base: Sizes, wanted: int) -> Product | None:
    """Return terms of several axes, each of which holds the constant factor of all, with that factor once."""
    if len(parts) == 1:
        return tuple(parts)
    bare = [_without_common_factor(part) for part in parts]
    found = value_of(tuple(bare), base)
    if found == 0 or wanted % found:
        return None
    return (bare[0].times(wanted // found), *bare[1:])


def _without_common_factor(term: Term) -> Term:
    common = math.gcd(term.factor, term.offset) or 1
    return Term(term.axis, term.factor // common, term.offset // common, term.shift, term.divisor)


def _fit_one(axis: str, points: Mapping[int, int]) -> Term | None:
    """Return the simplest term through the points: without a division, else with the smallest divisor."""
    for divisor in range(1, LARGEST_DIVISOR + 1):
        for shift in range(divisor):
            steps = [((size + shift) // divisor, value) for size, value in sorted(points.items())]
            (first, low), (last, high) = steps[0], steps[-1]
            if first == last or (high - low) % (last - first):
                continue
            factor = (high - low) // (last - first)
            term = Term(axis, factor, low - factor * first, shift, divisor)
            if all(term.at({axis: size}) == value for size, value in points.items()):
                return term
    return None
