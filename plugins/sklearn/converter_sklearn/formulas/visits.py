"""Which of several points at one distance scikit-learn takes for neighbours: it visits the points one after the other and keeps the nearest in a heap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics._pairwise_distances_reduction import ArgKmin

from converter.writing import Value, either, in_chunks, loop, side_by_side
from converter_sklearn.expressed import dense
from converter_sklearn.formulas.distances import Metric, Visits, rows_of

_CHUNK = 1 << 19  # numbers


def visits_of(estimator: Any, points: np.ndarray, metric: Metric) -> Visits | None:
    """Return how a fitted estimator of `sklearn.neighbors` visits its points, which are in the order of its tree's leaves.

    None where it is not known, and where no column has a value twice, so that a row has hardly ever two points at one distance.
    """
    if not any(len(np.unique(column)) < len(column) for column in points.T):
        return None
    if estimator._tree is not None:
        walk = Walk.of(estimator._tree, metric)
        return None if walk is None else Heap(points, metric, walk)
    is_known = metric.name != "precomputed" and ArgKmin.is_usable_for(np.zeros((1, 1)), estimator._fit_X, estimator.effective_metric_)
    return Heap(points, metric) if is_known else None


@dataclass(frozen=True, eq=False)
class Walk:
    """The way of a row through a `KDTree` or `BallTree`: of two halves the nearer one first. Its nodes lie in levels, all leaves in the last.

    `bounds` are the lowest and the highest corner of each node's box or, alone, the middle of its ball, [1 or 2, nodes, columns];
    `leaves` [points] the leaf of each point.
    """

    metric: Metric
    bounds: np.ndarray
    radius: np.ndarray
    leaves: np.ndarray

    @classmethod
    def of(cls, tree: Any, metric: Metric) -> Walk | None:
        """Return the way through a tree; None where some leaves lie higher."""
        _, _, nodes, bounds = tree.get_arrays()
        halved = len(nodes) // 2
        if nodes["is_leaf"][:halved].any():
            return None
        sizes = nodes["idx_end"][halved:] - nodes["idx_start"][halved:]
        return cls(metric, dense(bounds), nodes["radius"], np.repeat(np.arange(len(sizes)), sizes))

    def order(self, rows: Value) -> Value:
        """Return the places of the points in the order in which a row comes to them, int64 [chunk, points]."""
        halved, count = len(self.radius) // 2, len(self.leaves)
        if not halved:
            return rows.for_each_row(np.arange(count)).cast("int64")
        distances = self._from_nodes(rows)
        left, right = (distances.columns(np.arange(halved) * 2 + side) for side in (0, 1))
        turned = (right < left).cast(rows.dtype)
        ranks = (turned @ self._turns[:-1] + self._turns[-1]).cast("int64").columns(self.leaves)
        seats: Value = ranks * count + np.arange(count)
        return seats.top(count, largest=False)[1]

    @property
    def _turns(self) -> np.ndarray:
        """How far a leaf moves back if a node's right half comes first, [nodes that are halved, leaves], and its rank if none does."""
        halved = len(self.radius) // 2
        moves = np.zeros((halved + 1, halved + 1))
        for leaf in range(halved + 1):
            node, step = leaf + halved, 1
            while node:
                parent, is_right = (node - 1) // 2, node % 2 == 0
                moves[parent, leaf] = -step if is_right else step
                moves[-1, leaf] += step * is_right
                node, step = parent, step * 2
        return moves

    def _from_nodes(self, rows: Value) -> Value:
        """Return something that grows with the least distance from all nodes but the first, [chunk, nodes - 1]."""
        if len(self.bounds) == 1:
            middles = self.bounds[0, 1:]
            return (self.metric.full(self.metric.reduced(rows, middles)) - self.radius[1:]).positive()
        low, high = (each[1:].T[None] for each in self.bounds)
        apart = (low - rows.wide(2)).positive() + (rows.wide(2) - high).positive()
        return self.metric.of_pairs(apart, apart.constant(0))


@dataclass(frozen=True, eq=False)
class Heap:
    """A heap of the nearest points so far with the farthest on top, which a nearer one replaces: `heap_push` of `sklearn.utils._heap`."""

    points: np.ndarray
    metric: Metric
    walk: Walk | None = None

    def settled(self, x: Value, reduced: Value, places: Value, count: int) -> list[Value]:
        """Return the nearest points and their places, [batch, count], given one more of both: the next point, which may be as near as the last."""
        found = [each.columns(range(count)) for each in (reduced, places)]
        is_tied = reduced.columns([count - 1]) == reduced.columns([count])

        def by_visits() -> list[Value]:
            tied = is_tied.flat().node("NonZero", dtype="int64").flat()
            kept = in_chunks(lambda rows: self._kept(rows, count), x[tied], self.points.shape[1], rows_of(len(self.points), _CHUNK))
            return [plain.node("ScatterND", tied.wide(), each) for each, plain in zip(kept, found, strict=True)]

        return either(is_tied.any(), by_visits, lambda: found)

    def _kept(self, rows: Value, count: int) -> tuple[Value, Value]:
        """Return the nearest points by visiting all of them, and their places: [chunk, count] both."""
        total, columns = self.points.shape
        (visited,) = in_chunks(lambda few: [self.metric.reduced(few, self.points)], rows, columns, rows_of(total * columns))
        if self.walk is None:
            kept, places = _kept_of(visited, total, count)
        else:
            order = self.walk.order(rows)
            kept, seats = _kept_of(visited.along(order), total, count)
            places = order.along(seats)
        return kept.reshaped(-1, count), places.reshaped(-1, count)  # of a rank that is known


def _kept_of(visited: Value, total: int, count: int) -> tuple[Value, Value]:
    """Return what a heap has kept after points at the distances [chunk, total] were visited, in order, and their places: [chunk, count] both.

    Behind the first points, one is pushed only if it is nearer than the last neighbour among these; others need no visit.
    """
    first = min(math.isqrt(total * count) + 1, total)
    steps = visited.constant(np.arange(total)[None], "int64")
    last = visited.columns(range(first)).top(count, largest=False)[0].columns([count - 1])
    matters = (visited < last) | (steps < first)
    most = matters.cast("int64").sum().max(0, keep=False)
    chosen = matters.where(steps, total).top(most, largest=False)[0]
    seats = chosen.node("Min", total - 1)
    heights = (chosen < total).where(visited.along(seats), np.inf)

    def push(_: Value, kept: Value, places: Value, step: Value) -> tuple[Value, list[Value]]:
        is_nearer = (heights < kept.columns([0])) & (seats > step)
        here = is_nearer.cast("int32").argmax().wide()
        is_new, seat = is_nearer.along(here), seats.along(here)
        pushed = (*_pushed(kept, places, heights.along(here), seat, count), seat)
        return is_new.any(), [is_new.where(new, old) for new, old in zip(pushed, (kept, places, step), strict=True)]

    nothing = visited.for_each_row(np.full(count, np.inf))
    places = visited.for_each_row(np.zeros(count)).cast("int64")
    kept, places, _ = loop(push, [nothing, places, places.columns([0]) - 1], total)
    nearest, ranks = kept.top(count, largest=False)
    return nearest, places.along(ranks)


def _pushed(kept: Value, seats: Value, value: Value, seat: Value, count: int) -> tuple[Value, Value]:
    """Return a heap [chunk, count] and what belongs to its values, with its top replaced by a smaller value [chunk, 1], which then sinks."""
    below = side_by_side([kept, kept.for_each_row(np.full(count + 1, -np.inf))])
    seats_below = side_by_side([seats, kept.for_each_row(np.zeros(count + 1)).cast("int64")])
    places, hole = seat.constant(np.arange(count)[None]), seat * 0
    for _ in range(count.bit_length() - 1):
        left = hole * 2 + 1
        at_left, at_right = below.along(left), below.along(left + 1)
        is_left = at_left >= at_right
        child, larger = is_left.where(left, left + 1), is_left.where(at_left, at_right)
        sinks = larger > value
        is_here = (places == hole) & sinks
        kept, seats = is_here.where(larger, kept), is_here.where(seats_below.along(child), seats)
        hole = sinks.where(child, hole)
    is_here = places == hole
    return is_here.where(value, kept), is_here.where(seat, seats)
