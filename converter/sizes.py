"""Which sizes an axis is tried at: its smallest ones, a prime, a larger prime, and the size that the model was made for.

Primes, since a size that a graph baked in or halved by mistake then has nothing to hide behind; distinct ones for distinct axes, so that a mix-up shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from converter.specs import Axis

SMALLEST_EXAMPLE = 5
LEAST = 3  # sizes of each axis, where it has as many
GROWTH = 3  # the large size is at least this many times the example's


def example_sizes(axes: Mapping[str, Axis]) -> dict[str, int]:
    """Return one size for each axis: odd, prime and distinct where the axis allows it, never 1 where it can be helped.

    Exporters take their example at these sizes, and the first recorded case has them.
    """
    taken: set[int] = set()
    sizes: dict[str, int] = {}
    for name, axis in axes.items():
        sizes[name] = _prime_or_nearest(axis, max(SMALLEST_EXAMPLE, 2 * axis.low), taken)
        taken.add(sizes[name])
    return sizes


def sizes_to_try(axes: Mapping[str, Axis]) -> dict[str, tuple[int, ...]]:
    """Return every size of each axis that is worth a case, ascending: at least three where its range has as many."""
    examples = example_sizes(axes)
    taken = set(examples.values())
    tried: dict[str, tuple[int, ...]] = {}
    for name, axis in axes.items():
        large = _prime_or_nearest(axis, GROWTH * examples[name], taken)
        taken.add(large)
        second = axis.nearest(axis.low + axis.step)
        usual = {axis.nearest(axis.usual)} if axis.usual else set()
        chosen = {axis.low, second, examples[name], large} | usual
        first = range(axis.low, axis.high + 1, axis.step)[:LEAST]
        tried[name] = tuple(sorted(chosen if len(chosen) >= LEAST else chosen.union(first)))
    return tried


def _prime_or_nearest(axis: Axis, wanted: int, taken: set[int]) -> int:
    """Return the first prime of the axis from `wanted` on that is not taken, else the nearest size that is not taken."""
    high = min(axis.high, 4 * wanted + 64 * axis.step)
    allowed = [size for size in range(axis.low, high + 1, axis.step) if size not in taken] or [axis.low]
    primes = [size for size in allowed if size >= wanted and _is_prime(size)]
    return primes[0] if primes else min(allowed, key=lambda size: (abs(size - wanted), size))


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in _candidates(number))


def _candidates(number: int) -> Iterator[int]:
    return iter(range(2, int(number**0.5) + 1))
