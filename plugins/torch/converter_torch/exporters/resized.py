"""`patched`, from a second example: of the sizes at which the first graph was wrong, or of other sizes, for which branches go the other way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from converter.plugin import example_sizes
from converter_torch.exporters.patched import write_module

if TYPE_CHECKING:
    from converter.plugin import Axis, ExportRequest
    from converter_torch.model import TorchModel

NAME = "resized"


def write_resized(model: TorchModel, request: ExportRequest) -> str:
    """Write the model's graph to `request.path`; return which patches mattered. Raises as `write_patched`."""
    return write_module(model.flat, model, request, NAME, {**other_sizes(model.axes), **_telling(request.refuted or {})})


def _telling(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes of a case that an example may have: a size of 1 would be taken for fixed."""
    return {name: size for name, size in sizes.items() if size > 1}


def other_sizes(axes: Mapping[str, Axis]) -> dict[str, int]:
    """Return a size for each axis that is not its first example's: of the other parity (counted in steps), distinct, near twice the first."""
    taken: set[int] = set()
    sizes: dict[str, int] = {}
    for name, first in example_sizes(axes).items():
        sizes[name] = _other(axes[name], first, taken)
        taken.add(sizes[name])
    return sizes


def _other(axis: Axis, first: int, taken: set[int]) -> int:
    high = min(axis.high, 4 * first + 8 * axis.step)
    allowed = [size for size in range(axis.low, high + 1, axis.step) if size not in {first, 1}] or [first]
    return min(allowed, key=lambda size: (size in taken, (size - first) // axis.step % 2 == 0, abs(size - 2 * first)))
