"""Manifolds that new rows can be placed on, by the training rows near them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn import manifold

from converter.writing import Value, in_chunks, loop, side_by_side
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.families.neighbors import Neighbours
from converter_sklearn.formulas.distances import against, rows_of


class Placed(Expressed):
    """An embedding that looks up the neighbours of a row."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return why its neighbours cannot be found."""
        return Neighbours.fault(estimator.nbrs_)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Its training rows."""
        return Neighbours(self.document, self.estimator.nbrs_, self.blocks, self.dtype, self.compute)

    def near(self, write: Callable[[Value, Value, Value], Sequence[Value]], size: int) -> Value:
        """Return what `write` says of rows [chunk, columns], and of the distances and the places of their neighbours, [chunk, neighbours].

        It needs room for `size` numbers a row.
        """
        columns, count = self.neighbours.points.shape[1], self.estimator.n_neighbors
        found, places = self.neighbours.near(count)

        def of_rows(table: Value) -> Sequence[Value]:
            rows, near, far = (table.columns(range(start, stop)) for start, stop in pairwise([0, columns, columns + count, columns + 2 * count]))
            return write(rows, near, far.cast("int64"))

        return in_chunks(of_rows, side_by_side([self.x, found, places.cast(found.dtype)]), columns + 2 * count, rows_of(size))[0]


class Geodesic(Placed):
    """Isomap: principal components of the distances from all training rows, by way of the nearest of them."""

    def transform(self) -> Value:
        """Write the places, [batch, components]."""
        held = self.neighbours
        paths = dense(self.estimator.dist_matrix_)[held.order]
        if self.estimator.n_neighbors is None:
            radius = float(self.estimator.radius)

            def of_all(found: Value) -> list[Value]:
                return [self._components(((found <= radius).where(found, np.inf).wide(2) + paths).min(1, keep=False))]

            return against(of_all, self.x, held.points, held.metric, paths.size)[0]

        def of_few(_: Value, found: Value, places: Value) -> list[Value]:
            ways = [self.constant(paths)[places.column(place)] + found.columns([place]) for place in range(self.estimator.n_neighbors)]
            return [self._components(ways[0].node("Min", *ways[1:]))]

        return self.near(of_few, len(paths))

    def _components(self, lengths: Value) -> Value:
        """Write the components of geodesic distances [batch, training rows]."""
        return self.asked(self.estimator.kernel_pca_, "transform", lengths * lengths * -0.5)


class LocallyLinear(Placed):
    """Locally linear embedding: the mean of the nearest training rows' places, weighted so that the rows' mean comes nearest to the row."""

    def transform(self) -> Value:
        """Write the places, [batch, components]: `barycenter_weights` of `sklearn.manifold._locally_linear`."""
        held, count = self.neighbours, self.estimator.n_neighbors

        def of_few(rows: Value, _: Value, places: Value) -> list[Value]:
            apart = self.constant(held.points)[places] - rows.wide()
            products = apart @ apart.transposed(0, 2, 1)
            trace = (apart * apart).sum(2).sum()
            ridge = (trace > 0).where(trace, 1) * float(self.estimator.reg)
            shares = _solved(products + ridge * np.eye(count), count)
            return [((shares / shares.sum()) * self.constant(self.estimator.embedding_[held.order])[places]).sum(1, keep=False)]

        return self.near(of_few, count * (count + held.points.shape[1]))


def _solved(matrices: Value, count: int) -> Value:
    """Return what positive definite matrices [batch, count, count] make ones, [batch, count, 1], by Gauss and Jordan's elimination."""
    places = np.arange(count + 1)[:, None]

    def step(number: Value, systems: Value) -> tuple[Value, list[Value]]:
        here, is_row = (number == places).cast(systems.dtype), number == places[:-1]
        row = (systems * is_row.cast(systems.dtype)).sum(1)
        scaled = row / (row @ here)
        return number.constant(True, "bool"), [is_row.where(scaled, systems - systems @ here * scaled)]

    ones = matrices.sum(2) * 0 + 1
    (found,) = loop(step, [side_by_side([matrices, ones], axis=2)], count)
    return found.transposed(0, 2, 1).columns([count]).reshaped(-1, count, 1)


WRITERS: Mapping[type, type[Writer]] = {manifold.Isomap: Geodesic, manifold.LocallyLinearEmbedding: LocallyLinear}
