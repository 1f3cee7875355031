"""Output dims that hold: found from the shapes that the source model gave, never believed from an exporter."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

import onnx_ir as ir

from converter.specs import Dim

Sizes = Mapping[str, int]


def measured_dims(name: str, shapes: Sequence[Sequence[int]], sizes: Sequence[Sizes], hints: Sequence[str | int | None]) -> tuple[Dim, ...]:
    """Return dims that fit every recorded case of one output, all of one rank.

    A dim is an axis, a constant, the exporter's own expression `hints[i]`, or a sum of axes; where none fits, a name of its own.
    """
    return tuple(
        _dim([shape[place] for shape in shapes], sizes, hints[place] if place < len(hints) else None) or f"{name}_dim_{place}"
        for place in range(len(shapes[0]))
    )


def in_axes(dim: str | int | None, symbols: Mapping[str, str]) -> str | int | None:
    """Return an exporter's dim with its own symbols replaced by the axes that they stand for: `s77//4 + 1` becomes `width//4 + 1`."""
    return re.sub(r"[A-Za-z_]\w*", lambda match: symbols.get(match[0], match[0]), dim) if isinstance(dim, str) else dim


def _dim(lengths: Sequence[int], sizes: Sequence[Sizes], hint: str | int | None) -> Dim | None:
    axes = list(sizes[0])
    for axis in axes:
        if all(size[axis] == length for size, length in zip(sizes, lengths, strict=True)):
            return axis
    if len(set(lengths)) == 1 and lengths[0] > 0:  # nothing found in any case is no promise that nothing ever will be
        return lengths[0]
    for candidate in (hint, *(" + ".join(pair) for pair in itertools.combinations_with_replacement(axes, 2))):
        if isinstance(candidate, str) and _fits(candidate, lengths, sizes):
            return tidy(candidate)
    return None


def _fits(expression: str, lengths: Sequence[int], sizes: Sequence[Sizes]) -> bool:
    try:
        dim = ir.SymbolicDim(expression)
        return all(dim.evaluate(size) == length for size, length in zip(sizes, lengths, strict=True))
    except (ValueError, TypeError, ZeroDivisionError):
        return False  # not an expression of these axes


def tidy(expression: str) -> str:
    """Return an equal expression that reads well: `((width//4)) + 1` becomes `width//4 + 1`."""
    simple = str(ir.SymbolicDim(expression).simplify().value)
    simple = re.sub(r"floor\((\w+)/(\d+) ([+-]) (\d+)/\2\)", r"(\1 \3 \4)//\2", simple)
    return re.sub(r"floor\((\w+)/(\d+)\)", r"\1//\2", simple)
