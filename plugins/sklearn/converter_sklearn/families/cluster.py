"""Clusters that new rows can belong to: mostly the one whose centre is nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import cluster
from sklearn.cluster import AffinityPropagation, FeatureAgglomeration

from converter.writing import Value, side_by_side
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine
from converter_sklearn.formulas.distances import nearness
from converter_sklearn.formulas.kernels import squared_distances


class Centres(Expressed):
    """Clusters with centres."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return that it has no centres."""
        has_none = isinstance(estimator, AffinityPropagation) and not len(getattr(estimator, "cluster_centers_", ()))
        return "it found no centres" if has_none else ""

    def predict(self) -> Value:
        """Write the place of the nearest centre."""
        return nearness(self.x, self.estimator.cluster_centers_).argmin()


class Means(Centres):
    """Clusters with means, which are the points that rows are measured from."""

    def transform(self) -> Value:
        """Write the distances from the means, [batch, clusters]."""
        return squared_distances(self.x, self.estimator.cluster_centers_).sqrt()


class Bisected(Means):
    """K-means that halves one cluster after the other: a row goes down the tree to the nearer half each time."""

    def predict(self) -> Value:
        """Write the cluster."""
        root = self.estimator._bisecting_tree
        return self.x.for_each_row([root.label]).cast("int64").flat() if root.left is None else self._below(root, self.goes_right)

    @cached_property
    def goes_right(self) -> Iterator[Value]:
        """Whether rows are nearer to the right half, [batch], of each cluster that was halved, from the left to the right."""
        halves = list(_halves(self.estimator._bisecting_tree))
        mean = getattr(self.estimator, "_X_mean", 0)
        left, right = (nearness(self.x, np.array([each[side] for each in halves]) + mean) for side in (0, 1))
        is_right = right < left
        return (is_right.column(place) for place in range(len(halves)))

    def _below(self, node: Any, goes_right: Iterator[Value]) -> Value:
        if node.left is None:
            return self.constant(node.label, "int64")
        is_right = next(goes_right)
        left = self._below(node.left, goes_right)
        return is_right.where(self._below(node.right, goes_right), left)


class Subclusters(Expressed):
    """Birch: the cluster of the nearest subcluster."""

    def predict(self) -> Value:
        """Write the cluster."""
        return self.constant(self.estimator.subcluster_labels_, "int64")[nearness(self.x, self.estimator.subcluster_centers_).argmin()]

    def transform(self) -> Value:
        """Write the distances from the centres of the subclusters, [batch, subclusters]."""
        return squared_distances(self.x, self.estimator.subcluster_centers_).sqrt()


class Pooled(Expressed):
    """Columns that are alike, made one."""

    @classmethod
    def fault(cls, estimator: FeatureAgglomeration) -> str:
        """Return that its columns are pooled by a function of its own."""
        return "" if estimator.pooling_func in _POOLS else f"its pooling_func is {getattr(estimator.pooling_func, '__name__', 'an object')}"

    def transform(self) -> Value:
        """Write the pooled columns, [batch, clusters]."""
        labels = self.estimator.labels_
        if self.estimator.pooling_func in (np.mean, np.sum):
            shares = np.eye(labels.max() + 1)[labels]
            return affine(self.x, shares / (shares.sum(axis=0) if self.estimator.pooling_func == np.mean else 1))
        pool, groups = _POOLS[self.estimator.pooling_func], [np.flatnonzero(labels == each) for each in np.unique(labels)]
        return side_by_side([pool(self.x.columns(group), len(group)) for group in groups])

    def inverse_transform(self) -> Value:
        """Write for each column what its cluster has."""
        return self.x.columns(self.estimator.labels_)


def _halves(node: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the centres of both halves of each cluster that was halved, from the left to the right."""
    if node.left is not None:
        yield node.left.center, node.right.center
        yield from _halves(node.left)
        yield from _halves(node.right)


def _median(columns: Value, count: int) -> Value:
    return columns.top(count // 2 + 1, largest=True)[0].columns(np.unique([(count - 1) // 2, count // 2])).mean()


_POOLS: Mapping[Callable[..., Any], Callable[[Value, int], Value]] = {
    np.mean: lambda columns, _: columns.mean(),
    np.sum: lambda columns, _: columns.sum(),
    np.median: _median,
    **dict.fromkeys((np.max, np.amax), lambda columns, _: columns.max()),
    **dict.fromkeys((np.min, np.amin), lambda columns, _: columns.min()),
}
WRITERS: Mapping[type, type[Writer]] = {
    cluster.AffinityPropagation: Centres,
    cluster.Birch: Subclusters,
    cluster.BisectingKMeans: Bisected,
    cluster.FeatureAgglomeration: Pooled,
    cluster.KMeans: Means,
    cluster.MeanShift: Centres,
    cluster.MiniBatchKMeans: Means,
}
