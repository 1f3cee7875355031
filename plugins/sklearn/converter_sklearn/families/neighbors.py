"""Nearest neighbours: what the labels, targets or places of the points near a row say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import neighbors
from sklearn.metrics._pairwise_distances_reduction import RadiusNeighborsClassMode
from sklearn.neighbors._kd_tree import kernel_norm

from converter.writing import Value, stacked
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import BestOf, Expressed, Inside, affine, dense
from converter_sklearn.formulas.distances import Metric, Visits, against, distances, metric_of, nearest
from converter_sklearn.formulas.visits import visits_of


class Neighbours(Expressed):
    """An estimator that holds points; those of a tree in the order of its leaves, in which it finds points at one distance."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return why its metric or its weights have no formula."""
        if estimator.metric == "precomputed" and sparse.issparse(estimator._fit_X):
            return "it reads a sparse graph, of which ONNX cannot tell the gaps from the zeros"
        if callable(getattr(estimator, "weights", None)):
            return "its weights are a function of its own"
        return metric_of(estimator.effective_metric_, estimator.effective_metric_params_).fault

    @cached_property
    def metric(self) -> Metric:
        """The metric."""
        return metric_of(self.estimator.effective_metric_, self.estimator.effective_metric_params_)

    @cached_property
    def order(self) -> np.ndarray:
        """The places of the points among the training rows, [points]."""
        tree = self.estimator._tree
        return np.arange(self.estimator.n_samples_fit_) if tree is None else np.asarray(tree.idx_array)

    @cached_property
    def points(self) -> np.ndarray:
        """The points, [points, columns]."""
        return np.asarray(dense(self.estimator._fit_X)[self.order])

    @cached_property
    def visits(self) -> Visits | None:
        """How the points are visited, where it matters and is known."""
        return visits_of(self.estimator, self.points, self.metric)

    def near(self, count: int) -> tuple[Value, Value]:
        """Return the distances of the nearest points, and their places among `points`: [batch, count] both."""
        return nearest(self.x, self.points, count, self.metric, self.visits)

    @cached_property
    def targets(self) -> np.ndarray:
        """What was told of each point, [points, outputs]."""
        target: np.ndarray = np.asarray(self.estimator._y).reshape(len(self.order), -1)[self.order]
        return target

    @property
    def by_distance(self) -> bool:
        """Whether near points weigh more."""
        return bool(self.estimator.weights == "distance")


class Voting(Neighbours):
    """A classifier by the labels of near points."""

    @property
    def several(self) -> bool:
        """Whether it has several outputs."""
        return bool(self.estimator.outputs_2d_)

    @cached_property
    def classes(self) -> list[np.ndarray]:
        """The classes of each output."""
        return list(self.estimator.classes_) if self.several else [self.estimator.classes_]

    @cached_property
    def tables(self) -> list[np.ndarray]:
        """1 at the class of each point, else 0, [points, classes], for each output."""
        return [np.eye(len(classes))[self.targets[:, place]] for place, classes in enumerate(self.classes)]

    def predict(self) -> Value:
        """Write the classes."""
        found = [self.labels(shares.argmax(), classes) for shares, classes in zip(self.votes, self.classes, strict=True)]
        return stacked(found) if self.several else found[0]

    def predict_proba(self) -> Value | list[Value]:
        """Write the probabilities, [batch, classes]; one for each output where there are several."""
        return self.shares if self.several else self.shares[0]

    @cached_property
    def shares(self) -> list[Value]:
        """The probabilities of each output."""
        return [votes / votes.sum() for votes in self.votes]

    @cached_property
    def votes(self) -> list[Value]:
        """The weight of each class, [batch, classes], for each output."""
        raise NotImplementedError


class NearestVoting(Voting):
    """A classifier by the labels of the nearest points."""

    @cached_property
    def votes(self) -> list[Value]:
        """The weight of each class, [batch, classes], for each output."""
        found, places = self.near(self.estimator.n_neighbors)
        weights = _inverse(found).wide(2) if self.by_distance else None
        picked = [self.constant(table)[places] for table in self.tables]
        return [(each if weights is None else each * weights).sum(1, keep=False) for each in picked]


class NearestMean(Neighbours):
    """A regressor by the targets of the nearest points."""

    def predict(self) -> Value:
        """Write the prediction."""
        found, places = self.near(self.estimator.n_neighbors)
        picked = self.constant(self.targets)[places]
        if self.by_distance:
            weights = _inverse(found)
            mean = (picked * weights.wide(2)).sum(1, keep=False) / weights.sum()
        else:
            mean = picked.mean(1, keep=False)
        return mean.flat() if self.estimator._y.ndim == 1 else mean


class RadiusVoting(Voting):
    """A classifier by the labels of all points in a radius; rows without any are outliers."""

    def predict(self) -> Value:
        """Write the classes."""
        found = [self._labels(place) for place in range(len(self.classes))]
        return stacked(found) if self.several else found[0]

    @cached_property
    def shares(self) -> list[Value]:
        """The probabilities of each output; outliers have those of their label, if it is a class."""
        return [self._shares(votes, place) for place, votes in enumerate(self.votes)]

    @cached_property
    def votes(self) -> list[Value]:
        """The weight of each class, [batch, classes], for each output."""
        return _within(self, lambda weights: [weights @ table for table in self.tables])

    def _shares(self, votes: Value, place: int) -> Value:
        total = votes.sum()
        is_outlier = total == 0
        of_outliers = self.constant((np.arange(len(self.classes[place])) == self._outlier_place(place)).astype(float)[None])
        return is_outlier.where(of_outliers, votes / is_outlier.where(total.constant(1), total))

    def _labels(self, place: int) -> Value:
        labels = self.labels(self.shares[place].argmax(), self.classes[place])
        if self.estimator.outlier_label_ is None:
            return labels
        of_outliers = labels.constant(self.estimator.outlier_label_[place])
        return (self.shares[place].max(keep=False) == 0).where(of_outliers, labels)

    def _outlier_place(self, place: int) -> int:
        """Return the place of the outliers' label among the classes, -1 where it is none of them."""
        label = None if self.estimator.outlier_label_ is None else self.estimator.outlier_label_[place]
        if self._counts_by_place:
            label = self.estimator.outlier_label
            return label if label in range(len(self.classes[place])) else -1
        found = np.flatnonzero(self.classes[place] == label)
        return int(found[0]) if len(found) == 1 else -1

    @property
    def _counts_by_place(self) -> bool:
        """Whether `RadiusNeighborsClassMode` of scikit-learn answers, which takes the outliers' label for the place of a class."""
        brute = self.estimator._fit_method == "brute" and not self.several and not self.by_distance
        metric = self.metric.name if self.estimator.metric == "minkowski" else self.estimator.metric
        return brute and RadiusNeighborsClassMode.is_usable_for(np.zeros((1, 1)), self.estimator._fit_X, metric)


class RadiusMean(Neighbours):
    """A regressor by the targets of all points in a radius."""

    def predict(self) -> Value:
        """Write the prediction; of rows without any point that of scikit-learn, NaN as the targets' dtype has it."""
        totals, weights = _within(self, lambda weights: [weights @ self.targets, weights.sum()])
        with np.errstate(invalid="ignore"):
            nothing = dense(np.full_like(self.targets[:1], np.nan))
        is_outlier = weights == 0
        mean = is_outlier.where(self.constant(nothing), totals / is_outlier.where(weights.constant(1), weights))
        return mean.flat() if self.estimator._y.ndim == 1 else mean


class Centroids(BestOf):
    """A classifier by the nearest centroid; with priors of their own, by the largest of discriminant scores."""

    def predict(self) -> Value:
        """Write the classes."""
        priors = getattr(self.estimator, "class_prior_", None)  # scikit-learn has them from 1.6 on
        if priors is None or np.isclose(priors, 1 / len(priors)).all():
            return self.labels(Metric(self.estimator.metric).reduced(self.x, self.estimator.centroids_).argmin())
        return self.labels(self.scores.argmax())

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        return self.scores.softmax()

    def decision_function(self) -> Value:
        """Write the scores; of two classes their difference."""
        return self.scores.column(1) - self.scores.column(0) if len(self.estimator.classes_) == 2 else self.scores

    @cached_property
    def scores(self) -> Value:
        """The discriminant scores, [batch, classes]."""
        scale = np.where(self.estimator.within_class_std_dev_ == 0, 1, self.estimator.within_class_std_dev_)
        apart = distances(self.x / scale, self.estimator.centroids_ / scale, Metric(self.estimator.metric))
        priors: np.ndarray = np.log(self.estimator.class_prior_)
        return -(apart * apart) + priors * 2


class LocalOutlier(Inside, Neighbours):
    """Local outlier factor: how much thinner points lie around a row than around its neighbours."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return why its metric has no formula, or that it labels its training rows only."""
        return super().fault(estimator) if estimator.novelty else "without novelty=True it labels the rows only that it was fitted on"

    def score_samples(self) -> Value:
        """Write the scores: the opposite of the factor."""
        found, places = self.near(self.estimator.n_neighbors_)
        reach = found.node("Max", self.constant(self.estimator._distances_fit_X_[self.order, self.estimator.n_neighbors_ - 1])[places])
        density = 1 / (reach.mean() + 1e-10)
        return -(self.constant(self.estimator._lrd[self.order])[places] / density).mean(keep=False)


class Density(Expressed):
    """Kernel density: the logarithm of the sum of kernels around the training rows."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return why its sum is not written."""
        if estimator.atol or estimator.rtol:
            return "atol or rtol let scikit-learn stop its sums early, where its tree chooses"
        return metric_of(estimator.metric, estimator.metric_params).fault

    def score_samples(self) -> Value:
        """Write the logarithm of the density."""
        points = np.asarray(self.estimator.tree_.data)
        weights = np.ones(len(points)) if self.estimator.tree_.sample_weight is None else np.asarray(self.estimator.tree_.sample_weight)
        shares = (
            np.log(weights) - np.log(weights.sum()) + kernel_norm(self.estimator.bandwidth_, points.shape[1], self.estimator.kernel, return_log=True)
        )
        metric = metric_of(self.estimator.metric, self.estimator.metric_params)
        (found,) = against(lambda found: [(self._logarithms(found / self.estimator.bandwidth_) + shares).logsumexp()], self.x, points, metric)
        return found.flat()

    def _logarithms(self, distances: Value) -> Value:
        """Return the logarithms of a kernel at distances in bandwidths, without the share that makes it one of probabilities."""
        kernel = self.estimator.kernel
        if kernel in {"gaussian", "exponential"}:
            return distances * distances / -2 if kernel == "gaussian" else -distances
        inside = distances < 1
        near = inside.where(distances, 0)
        heights = {
            "tophat": near * 0 + 1,
            "epanechnikov": 1 - near * near,
            "linear": 1 - near,
            "cosine": (near * (np.pi / 2)).node("Cos"),
        }
        return inside.where(heights[kernel].log(), -np.inf)


class Linear(Expressed):
    """Neighbourhood components: columns that a matrix makes."""

    def transform(self) -> Value:
        """Write the columns."""
        return affine(self.x, self.estimator.components_.T)


class NearestGraph(Neighbours):
    """The nearest training rows, as a matrix of their distances or of ones."""

    def transform(self) -> Value:
        """Write the matrix, [batch, training rows]."""
        by_distance = self.estimator.mode == "distance"
        found, places = self.near(self.estimator.n_neighbors + by_distance)
        zeros = found.for_each_row(np.zeros(len(self.points)))
        filled = found if by_distance else (places >= 0).cast(found.dtype)
        return zeros.node("ScatterElements", self.constant(self.order, "int64")[places], filled, axis=1)


class RadiusGraph(Neighbours):
    """The training rows in a radius, as a matrix of their distances or of ones."""

    def transform(self) -> Value:
        """Write the matrix, [batch, training rows]."""
        found = distances(self.x, dense(self.estimator._fit_X), self.metric)
        is_near = found <= float(self.estimator.radius)
        return is_near.where(found, 0) if self.estimator.mode == "distance" else is_near.cast(found.dtype)


def _inverse(distances: Value) -> Value:
    """Return weights by distances [batch, points]: where there are points at no distance, 1 for these and 0 for others."""
    is_here = distances == 0
    here = is_here.cast(distances.dtype)
    return (here.max() > 0).where(here, 1 / distances)


def _within(writer: Neighbours, write: Callable[[Value], Sequence[Value]]) -> list[Value]:
    """Return what `write` says of the weights [chunk, points] of points, 0 for those out of the radius."""

    def weighed(distances: Value) -> list[Value]:
        is_near = distances <= float(writer.estimator.radius)
        near = is_near.cast(distances.dtype)
        return list(write(is_near.where(_inverse(distances), 0) if writer.by_distance else near))

    return against(weighed, writer.x, writer.points, writer.metric)


WRITERS: Mapping[type, type[Writer]] = {
    neighbors.KNeighborsClassifier: NearestVoting,
    neighbors.KNeighborsRegressor: NearestMean,
    neighbors.KNeighborsTransformer: NearestGraph,
    neighbors.KernelDensity: Density,
    neighbors.LocalOutlierFactor: LocalOutlier,
    neighbors.NearestCentroid: Centroids,
    neighbors.NeighborhoodComponentsAnalysis: Linear,
    neighbors.RadiusNeighborsClassifier: RadiusVoting,
    neighbors.RadiusNeighborsRegressor: RadiusMean,
    neighbors.RadiusNeighborsTransformer: RadiusGraph,
}
