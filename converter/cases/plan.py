"""Which cases are worth recording: the user's own data first, then several seeds, then every axis at several sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from converter.sizes import example_sizes, sizes_to_try
from converter.specs import Axis

DEFAULT_SEEDS = 3


@dataclass(frozen=True)
class PlannedCase:
    """A case to record: the user's feeds, or feeds sampled with `seed` at `sizes`."""

    origin: str
    seed: int
    sizes: Mapping[str, int]
    feeds: Mapping[str, np.ndarray] | None = field(default=None, compare=False)


def plan(axes: Mapping[str, Axis], data: Sequence[PlannedCase] = (), seeds: int = DEFAULT_SEEDS) -> list[PlannedCase]:
    """Return the cases, the most telling first: `data`, then the example's sizes and each axis's others, then further seeds.

    One axis is varied at a time, so that a failure names its axis; one more case has every axis at its smallest.
    """
    base = example_sizes(axes)
    rows = [base]
    for axis, sizes in sizes_to_try(axes).items():
        rows += [{**base, axis: size} for size in sizes if size != base[axis]]
    rows.append({name: axis.low for name, axis in axes.items()})
    distinct = [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]
    distinct += [base] * max(0, seeds - 1)
    return [*data, *(PlannedCase(f"seed {seed}", seed, sizes) for seed, sizes in enumerate(distinct))]
