"""Distances between the rows of a value and points that an estimator holds, as `sklearn.metrics.DistanceMetric` computes them, and the nearest points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from converter.writing import Value, in_chunks
from converter_sklearn.expressed import dense

_CHUNK = 1 << 17  # numbers that stay in a core's cache
_MORE = 8  # candidates besides those that are wanted

Params = Mapping[str, Any]
Reduced = Callable[[Value, Value, Params], Value]
"""Something that grows with the distance: [batch, points] for rows [batch, columns, 1 or points] and points [1 or batch, columns, points]."""


@dataclass(frozen=True)
class Metric:
    """A metric by scikit-learn's name of it, and its parameters."""

    name: str
    params: Params = field(default_factory=dict)

    @property
    def fault(self) -> str:
        """Why ONNX cannot say it; "" where it can."""
        if not isinstance(self.name, str):
            return f"its metric is {'a function' if callable(self.name) else 'an object'} of its own"
        known = self.name in _REDUCED or self.name in _PRODUCTS or self.name == "precomputed"
        return "" if known else f"the metric {self.name} has no formula here"

    def reduced(self, rows: Value, points: np.ndarray) -> Value:
        """Return what grows with the distances between rows [batch, columns] and points [points, columns]: [batch, points]."""
        if self.name == "precomputed":
            return rows
        if self.name in _PRODUCTS:
            return _PRODUCTS[self.name](rows, points)
        return self.of_pairs(rows.wide(2), rows.constant(points.T[None]))

    def of_pairs(self, rows: Value, points: Value) -> Value:
        """Return the same for points that differ from row to row, [batch, columns, points]; columns are added in order, as scikit-learn does."""
        return _REDUCED[self.name](rows, points, self.params)

    def full(self, reduced: Value) -> Value:
        """Return the distances themselves."""
        if self.name in _SQUARES:
            return reduced.sqrt()
        if self.name == "minkowski":
            return reduced ** (1 / float(self.params["p"]))
        return arcsine(reduced.sqrt()) * 2 if self.name == "haversine" else reduced

    def size(self, points: np.ndarray) -> int:
        """Return how many numbers a row needs on the way to its distances from points [points, columns]."""
        return points.size if self.name in _REDUCED else len(points)

    def width(self, points: np.ndarray) -> int:
        """Return how many columns the rows have that are compared with points [points, columns]."""
        return len(points) if self.name == "precomputed" else points.shape[1]

    def flattened(self, columns: int) -> np.ndarray | None:
        """Return the matrix [columns, columns] after which the metric is the Euclidean one; None where there is none."""
        if self.name in {"euclidean", "l2", "sqeuclidean"}:
            return np.eye(columns)
        if self.name == "seuclidean":
            return np.diag(1 / np.sqrt(dense(self.params["V"])))
        if self.name == "mahalanobis":
            form = _inverse_covariance(self.params)
            values, vectors = np.linalg.eigh((form + form.T) / 2)
            return np.asarray(vectors * np.sqrt(values)) if values.min() >= 0 else None
        if self.name == "minkowski" and self.params["p"] == 2:
            return np.diag(np.sqrt(dense(self.params["w"])))
        return None


def metric_of(name: Any, params: Params | None = None) -> Metric:
    """Return a metric by the name and the parameters that an estimator was given; Minkowski's are others where they can."""
    params = {name: each for name, each in (params or {}).items() if each is not None}
    if name in ("minkowski", "p"):
        power = params.setdefault("p", 2)
        known = {1: "manhattan", 2: "euclidean", np.inf: "chebyshev"}.get(power)
        return Metric(known) if known and "w" not in params else Metric("minkowski", params)
    return Metric(name, params)


def against(write: Callable[[Value], Sequence[Value]], x: Value, points: np.ndarray, metric: Metric, size: int = 0) -> list[Value]:
    """Return what `write` says of the distances between rows of `x` [batch, columns] and points [points, columns], [chunk, points] for each chunk.

    It needs room for `size` numbers a row, if that is more than the distances do.
    """
    return in_chunks(lambda rows: write(metric.full(metric.reduced(rows, points))), x, metric.width(points), rows_of(max(size, metric.size(points))))


def distances(x: Value, points: np.ndarray, metric: Metric) -> Value:
    """Return the distances between rows [batch, columns] and points [points, columns]: [batch, points]."""
    (found,) = against(lambda found: [found], x, points, metric)
    return found


def nearness(x: Value, points: np.ndarray) -> Value:
    """Return |p|² - 2xp for rows [batch, columns] and points [points, columns], which is smallest for the nearest point: [batch, points]."""
    points = dense(points)
    return x.node("Gemm", -2 * points.T, (points**2).sum(axis=1))


def nearest(x: Value, points: np.ndarray, count: int, metric: Metric, visits: Visits | None = None) -> tuple[Value, Value]:
    """Return the distances of the nearest points from each row, in order, and the places of these points, int64: [batch, count] both.

    Where the last of them is as far as the next one, the first of the points are taken, or those that `visits` decide for.
    """
    flat = metric.flattened(points.shape[1])
    is_open = visits is not None and count < len(points)
    wanted = count + is_open
    is_short = flat is None or len(points) < 2 * (wanted + _MORE)
    size = metric.size(points) if is_short else len(points) + (wanted + _MORE) * points.shape[1]

    def of_rows(rows: Value) -> tuple[Value, Value]:
        if flat is None or is_short:
            return metric.reduced(rows, points).top(wanted, largest=False)
        return _by_candidates(rows, points, wanted, metric, flat)

    reduced, places = in_chunks(of_rows, x, metric.width(points), rows_of(size))
    if visits is not None and is_open:
        reduced, places = visits.settled(x, reduced, places, count)
    return metric.full(reduced), places


def rows_of(size: int, most: int = _CHUNK) -> int:
    """Return how many rows make a chunk, given how many numbers one row needs, and how many there may be."""
    return max(1, most // size)


def arcsine(value: Value) -> Value:
    """The arc sine of numbers from 0 to 1; ONNX Runtime has it in single precision, after which a step of Newton's method is enough.

    The larger half is found by the smaller one, where the sine is steep.
    """
    is_large = value * value > 0.5
    small = is_large.where((((1 - value).positive()) / 2).sqrt(), value)
    guess = small.cast("float32").node("Asin").cast(value.dtype)
    angle = guess - (guess.node("Sin") - small) / guess.node("Cos")
    return is_large.where(np.pi / 2 - angle * 2, angle)


def _by_candidates(rows: Value, points: np.ndarray, count: int, metric: Metric, flat: np.ndarray) -> tuple[Value, Value]:
    """Return the nearest points and their places: of candidates that a product of matrices finds, those that are nearest without its rounding."""
    middle = points[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))]
    moved = rows - middle if np.array_equal(flat, np.eye(len(flat))) else (rows - middle) @ flat
    candidates = nearness(moved, (points - middle) @ flat).top(count + _MORE, largest=False)[1]
    in_order = candidates.top(count + _MORE, largest=False)[0]
    among = rows.constant(points)[in_order].transposed(0, 2, 1)
    reduced, places = metric.of_pairs(rows.wide(2), among).top(count, largest=False)
    return reduced, in_order.along(places)


def _total(terms: Value) -> Value:
    return terms.sum(1, keep=False)


def _column(values: Any) -> np.ndarray:
    """Return a number for each column as [columns, 1]."""
    return dense(values)[:, None]


def _euclidean(row: Value, point: Value, _: Params) -> Value:
    gap = row - point
    return _total(gap * gap)


def _standardised(row: Value, point: Value, params: Params) -> Value:
    gap = row - point
    return _total(gap * gap / _column(params["V"]))


def _mahalanobis(row: Value, point: Value, params: Params) -> Value:
    gap = row - point
    return _total(gap.constant(_inverse_covariance(params)) @ gap * gap)


def _inverse_covariance(params: Params) -> np.ndarray:
    return dense(params["VI"]) if "VI" in params else np.linalg.inv(dense(params["V"]))


def _manhattan(row: Value, point: Value, _: Params) -> Value:
    return _total(abs(row - point))


def _chebyshev(row: Value, point: Value, _: Params) -> Value:
    return abs(row - point).max(1, keep=False)


def _minkowski(row: Value, point: Value, params: Params) -> Value:
    powers = abs(row - point) ** float(params["p"])
    return _total(powers * _column(params["w"]) if "w" in params else powers)


def _hamming(row: Value, point: Value, _: Params) -> Value:
    return (row != point).cast(row.dtype).mean(1, keep=False)


def _canberra(row: Value, point: Value, _: Params) -> Value:
    return _total(_share(abs(row - point), abs(row) + abs(point)))


def _bray_curtis(row: Value, point: Value, _: Params) -> Value:
    return _share(_total(abs(row - point)), _total(abs(row) + abs(point)))


def _share(part: Value, whole: Value) -> Value:
    """Return part / whole; 0 where the whole is nothing."""
    is_nothing = whole == 0
    return is_nothing.where(whole.constant(0), part / is_nothing.where(whole.constant(1), whole))


def _haversine(row: Value, point: Value, _: Params) -> Value:
    (latitude, longitude), (other, away) = ((each.column(0), each.column(1)) for each in (row, point))
    half = ((latitude - other) / 2).node("Sin")
    turn = ((longitude - away) / 2).node("Sin")
    return half * half + latitude.node("Cos") * other.node("Cos") * turn * turn


def _nan_euclidean(row: Value, point: Value, _: Params) -> Value:
    """`sklearn.metrics.pairwise.nan_euclidean_distances`; infinite, so the last of all, where no column is known of both."""
    gap = row - point
    is_hole = gap.isnan()
    known = (~is_hole).cast(row.dtype)
    share = known.mean(1, keep=False)
    found = _total(is_hole.where(gap.constant(0), gap * gap)) / share
    return (share == 0).where(share.constant(np.inf), found)


def _cosine(rows: Value, points: np.ndarray) -> Value:
    """`sklearn.metrics.pairwise.cosine_distances`."""
    length, lengths = rows.norm(), np.linalg.norm(points, axis=1, keepdims=True)
    unit = rows / (length == 0).where(length.constant(1), length)
    return (1 - unit @ (points / np.where(lengths == 0, 1, lengths)).T).clip(0, 2)


def _correlation(rows: Value, points: np.ndarray) -> Value:
    """`scipy.spatial.distance.correlation`."""
    apart, centred = rows - rows.mean(), points - points.mean(axis=1, keepdims=True)
    alike: Value = (apart / apart.norm()) @ (centred / np.linalg.norm(centred, axis=1, keepdims=True)).T
    return 1 - alike


class Visits(Protocol):
    """How the points were visited one after the other, which decides between points at one distance."""

    def settled(self, rows: Value, reduced: Value, places: Value, count: int) -> Sequence[Value]:
        """Return the nearest points and their places, [batch, count], given one more of both: the next point, which may be as near as the last."""


@dataclass(frozen=True)
class _Counts:
    """Of how many columns a row and a point are both true, one of them, and both false: [batch, points]; and the number of columns."""

    both: Value
    row_only: Value
    point_only: Value
    columns: int

    @property
    def unequal(self) -> Value:
        return self.row_only + self.point_only

    @property
    def neither(self) -> Value:
        return self.columns - self.both - self.unequal


def _counted(rows: Value, points: np.ndarray) -> _Counts:
    is_true, truths = (rows != 0).cast(rows.dtype), (points != 0).astype(np.float64)
    both = is_true @ truths.T
    return _Counts(both, is_true.sum() - both, truths.sum(axis=1) - both, points.shape[1])


def _yule(counts: _Counts) -> Value:
    product = counts.row_only * counts.point_only
    return _share(product * 2, counts.both * counts.neither + product)


_BOOLEAN: Mapping[str, Callable[[_Counts], Value]] = {
    "dice": lambda n: n.unequal / (n.both * 2 + n.unequal),
    "jaccard": lambda n: _share(n.unequal, n.both + n.unequal),
    "kulsinski": lambda n: (n.unequal - n.both + n.columns) / (n.unequal + n.columns),
    "matching": lambda n: n.unequal / n.columns,
    "rogerstanimoto": lambda n: n.unequal * 2 / (n.unequal + n.columns),
    "russellrao": lambda n: (n.columns - n.both) / n.columns,
    "sokalmichener": lambda n: n.unequal * 2 / (n.unequal + n.columns),
    "sokalsneath": lambda n: n.unequal / (n.both * 0.5 + n.unequal),
    "yule": _yule,
}


def _of_truths(formula: Callable[[_Counts], Value]) -> Callable[[Value, np.ndarray], Value]:
    return lambda rows, points: formula(_counted(rows, points))


_PRODUCTS: Mapping[str, Callable[[Value, np.ndarray], Value]] = {
    "correlation": _correlation,
    "cosine": _cosine,
    **{name: _of_truths(formula) for name, formula in _BOOLEAN.items()},
}
_SQUARES = {"euclidean", "l2", "mahalanobis", "nan_euclidean", "seuclidean"}
_REDUCED: Mapping[str, Reduced] = {
    "braycurtis": _bray_curtis,
    "canberra": _canberra,
    "hamming": _hamming,
    "haversine": _haversine,
    "mahalanobis": _mahalanobis,
    "minkowski": _minkowski,
    "nan_euclidean": _nan_euclidean,
    "seuclidean": _standardised,
    **dict.fromkeys(("euclidean", "l2", "sqeuclidean"), _euclidean),
    **dict.fromkeys(("chebyshev", "infinity"), _chebyshev),
    **dict.fromkeys(("manhattan", "cityblock", "l1"), _manhattan),
}
