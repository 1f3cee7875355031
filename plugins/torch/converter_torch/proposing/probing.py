"""Which sizes an axis takes, found by running: its step, its smallest and its largest size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from converter.plugin import Axis

Runs = Callable[[Mapping[str, int]], bool]
"""Whether the model runs at these sizes."""

STEPS = (1, 2, 4, 8, 16, 32, 64)
SMALL = 64  # sizes up to here may grow fourfold, and to this one at least; larger ones twofold

USUAL = (64, 32, 128, 224, 256, 16, 8)  # sizes at which a model that wants certain ones is likely to run


def first_size(runs: Runs, axes: Sequence[str], sizes: Sequence[int], others: Mapping[str, int]) -> dict[str, int] | None:
    """Return the first size at which the model runs, all the axes at it and the others as they are; None where there is none."""
    return next((found for size in sizes if runs(found := {**others, **dict.fromkeys(axes, size)})), None)


def axis_around(runs: Runs, name: str, sizes: Mapping[str, int]) -> Axis | None:
    """Return the sizes that an axis takes while the others stay at `sizes`, where the model runs; None where it takes this one only."""
    start = sizes[name]

    def works(size: int) -> bool:
        return runs({**sizes, name: size})

    step = next((step for step in STEPS if all(works(start + step * count) for count in (1, 2, 3))), None)
    if step is None:
        return None
    below = _most(lambda count: works(start - step * count), (start - 1) // step)
    reach = max(start * (3 if start <= SMALL else 1), SMALL - start)
    above = 3 + _most(lambda count: works(start + step * (3 + count)), max(0, reach // step - 3))
    return Axis(start - step * below, start + step * above, step)


def working_axes(runs: Runs, axes: Mapping[str, Axis], example: Mapping[str, int]) -> dict[str, Axis] | None:
    """Return narrower axes at which a model runs that does not at the example's sizes; None where none are found.

    An axis at whose example size it runs, the others being right, stays as it is.
    """
    for size in USUAL:
        at = {name: axis.nearest(size) for name, axis in axes.items()}
        if runs(at):
            return {
                name: axis if runs({**at, name: example[name]}) else _within(axis_around(runs, name, at), axis, at[name])
                for name, axis in axes.items()
            }
    return None


def _within(found: Axis | None, declared: Axis, size: int) -> Axis:
    """Return the sizes that were found among those that were declared; the one size where nothing else was."""
    if found is None:
        return Axis(size, size)
    inside = [each for each in range(found.low, found.high + 1, found.step) if declared.low <= each <= declared.high]
    return Axis(inside[0], inside[-1], found.step) if inside else Axis(size, size)


def _most(works: Callable[[int], bool], limit: int) -> int:
    """Return the largest count up to `limit` that works, where every smaller one does; 0 counts as working."""
    if limit == 0 or works(limit):
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if works(middle) else (low, middle)
    return low
