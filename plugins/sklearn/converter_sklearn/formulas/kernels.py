"""Kernels between the rows of a value and points that an estimator holds, as `sklearn.metrics.pairwise.pairwise_kernels` computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from converter.writing import Value, in_chunks, side_by_side
from converter_sklearn.expressed import affine, dense

KERNELS = frozenset({"additive_chi2", "chi2", "cosine", "laplacian", "linear", "poly", "polynomial", "rbf", "sigmoid"})
"""Their names."""

_CHUNK = 1 << 16  # numbers that stay in a core's cache
_MANY = 500  # points, of which thousands of rows need no more than some hundred megabytes
_PART = 1 << 18  # numbers, which are some megabytes


def kernel(x: Value, points: Any, metric: str, gamma: float | None = None, degree: float = 3, coef0: float = 1) -> Value:
    """Return a kernel, one of KERNELS, between rows [batch, columns] and points [points, columns]: [batch, points]."""
    points = dense(points)
    scale = (1.0 if metric == "chi2" else 1 / points.shape[1]) if gamma is None else float(np.ravel(gamma)[0])
    if metric in {"poly", "polynomial"}:
        return power(affine(x, points.T * scale, coef0), degree)
    if metric == "sigmoid":
        return affine(x, points.T * scale, coef0).tanh()
    if metric == "rbf":
        return (squared_distances(x, points) * -scale).exp()
    if metric == "laplacian":
        return (summed(x, points, lambda row, point: abs(row - point)) * -scale).exp()
    if metric == "cosine":
        return affine(_normalised(x), _normalised_points(points).T)
    if metric in {"additive_chi2", "chi2"}:
        found = -summed(x, points, _chi2)
        return found if metric == "additive_chi2" else (found * scale).exp()
    assert metric == "linear"
    return affine(x, points.T)


def power(base: Value, exponent: float) -> Value:
    """Return a power, of a small whole exponent by squares, which is sooner."""
    if exponent not in range(1, 65):
        return base**exponent
    if exponent == 1:
        return base
    root = power(base, exponent // 2)
    return root * root * base if exponent % 2 else root * root


def squared_distances(x: Value, points: Any) -> Value:
    """Return the squared Euclidean distances between rows [batch, columns] and points [points, columns]: [batch, points].

    |x|² - 2xp + |p|² loses a small distance between long vectors. So all are taken from the middle of the points and split into multiples of a grid,
    so coarse that their products add up without rounding, and rests: (h + l - q)² = (h - qh)² + (2h + l)l - 2h ql - 2l q + (2qh + ql)ql with q = qh + ql.
    What rounding makes of equal ones is taken off: they have the distance 0, and no other is wrong by more than some 2^-34 of the points' spread
    (2^-13 in single precision), which is where it is as small itself.
    """
    points = dense(points).astype(x.dtype)
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    grid, noise = _grid(points - middle)
    high, low = _split(x - middle, grid)
    p_high, p_low = (each.astype(np.float64) for each in _split(points - middle, grid))
    one = x.for_each_row([1.0])
    exact = affine(side_by_side([high * -2, (high * high).sum(), one]), _stacked(p_high, (p_high * p_high).sum(axis=1)))
    own = ((2 * p_high + p_low) * p_low).sum(axis=1) - noise
    rest = affine(side_by_side([high * -2, low * -2, ((high * 2 + low) * low).sum(), one]), _stacked(p_low, p_high + p_low, own))
    return (exact + rest).positive()


def summed(x: Value, points: Any, term: Callable[[Value, Any], Value]) -> Value:
    """Return what a term of a row's and a point's numbers adds up to over their columns: [batch, points] for [batch, columns], [points, columns]."""
    points = dense(points)
    most = max(1, _CHUNK // points.size)
    (found,) = in_chunks(lambda rows: [term(rows.wide(), points[None]).sum(2, keep=False)], x, points.shape[1], most)
    return found


def in_parts(x: Value, points: Any, width: int, write: Callable[[Value], Value]) -> Value:
    """Return what `write` makes of rows [batch, columns] and points [points, columns], [batch, width], of some rows at a time where points are many."""
    if len(points) <= _MANY:
        return write(x)
    (found,) = in_chunks(lambda rows: [write(rows).reshaped(-1, width)], x, points.shape[1], max(1, _PART // len(points)))
    return found


def whitened_distances(x: Value, centres: Any, whitenings: Sequence[np.ndarray]) -> Value:
    """Return the squared lengths of (x - centre) times the centre's matrix [columns, …]: [batch, centres]."""
    centres = dense(centres)
    middle = centres.mean(axis=0)
    pairs = list(zip(centres, whitenings, strict=True))
    biases = np.concatenate([(middle - centre) @ each for centre, each in pairs])
    across = affine(x - middle, np.hstack([each for _, each in pairs]), biases)
    owners = np.repeat(np.arange(len(pairs)), [each.shape[1] for each in whitenings])
    return affine(across * across, np.eye(len(pairs))[owners])


def _grid(points: np.ndarray) -> tuple[float, float]:
    """Return the grid of points around zero, of whose multiples 4 products in each column add up without rounding, and how wrong the rests may be."""
    columns, digits = points.shape[1], np.finfo(points.dtype).nmant + 1
    extent = 2.0 ** np.ceil(np.log2(np.abs(points).max() or 1.0))
    grid = float(extent * 2.0 ** -((digits - np.ceil(np.log2(4 * columns))) // 2))
    return grid, float(8 * columns * extent * grid * 2.0**-digits)


def _split(values: Any, grid: float) -> tuple[Any, Any]:
    """Return values as multiples of a grid, and what is left: a sum is rounded to the last place of its larger part."""
    large = 1.5 * 2.0 ** np.finfo(values.dtype).nmant * grid
    high = (values + large) - large
    return high, values - high


def _stacked(*parts: np.ndarray) -> np.ndarray:
    """Return the right side of a product: points [points, columns] as columns, a row of ones, and a number for each point."""
    *points, numbers = parts
    return np.vstack([*(each.T for each in points), np.ones((1, len(numbers))), numbers[None]])


def _normalised(x: Value) -> Value:
    length = x.norm()
    return x / (length == 0).where(length.constant(1), length)


def _normalised_points(points: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(points, axis=1, keepdims=True)
    scaled: np.ndarray = points / np.where(length == 0, 1, length)
    return scaled


def _chi2(row: Value, point: Any) -> Value:
    total: Value = row + point
    gap: Value = row - point
    return (total == 0).where(total.constant(0), gap * gap / total)
