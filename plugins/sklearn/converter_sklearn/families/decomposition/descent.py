"""Coordinate descent: one coefficient after the other goes where a quadratic function of all of them is smallest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.writing import Value, side_by_side

Move = Callable[[Value, Value, float], Value]
"""Where a coefficient goes, given itself, the slope there, and the curvature, which is above 0."""


def descended(codes: Value, slopes: Value, curvatures: np.ndarray, move: Move) -> tuple[Value, Value]:
    """Return the coefficients [n, batch] after each has moved once, in order, and the slope that each has seen: [n, batch] both.

    `slopes` are those before; the slope of a coefficient changes with the others by `curvatures`, [n, n].
    """
    found, seen = [], []
    for place, (row, curvature) in enumerate(zip(curvatures, np.diag(curvatures), strict=True)):
        here = codes.constant([place], "int64")
        code, slope = codes[here], slopes[here]
        moved = move(code, slope, float(curvature)) if curvature else code
        seen.append(slope)
        found.append(moved)
        if curvature and place + 1 < len(curvatures):
            slopes = slopes + (moved - code) * row[:, None]
    return side_by_side(found, axis=0), side_by_side(seen, axis=0)
