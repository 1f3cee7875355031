"""Support vector machines: sums of a kernel over support vectors, and linear ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import svm
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS

from converter.writing import Value, in_chunks, loop, side_by_side
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.families.linear_model import Classifier as LinearClassifier
from converter_sklearn.families.linear_model import Regressor as LinearRegressor
from converter_sklearn.formulas.kernels import in_parts, kernel

_NAMES = {function: name for name, function in PAIRWISE_KERNEL_FUNCTIONS.items()}
_CHUNK = 1 << 16  # numbers that stay in a core's cache


class Machine(Expressed):
    """Weights of support vectors, and an intercept, as libsvm holds them: one sum, or one for each pair of classes."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """A kernel may be any function."""
        return f"its kernel is {estimator.kernel!r}" if callable(estimator.kernel) and estimator.kernel not in _NAMES else ""

    @cached_property
    def margins(self) -> Value:
        """The sums of the support vectors, [batch, sums]."""
        model, weights = self.estimator, self.weights
        if not len(model.support_):
            return self.x.for_each_row(model._intercept_)
        if model.kernel == "precomputed":
            return affine(self.x.columns(model.support_), weights, model._intercept_)
        if model.kernel == "linear":
            return affine(self.x, dense(model.support_vectors_).T @ weights, model._intercept_)
        if callable(model.kernel):
            points, name, settings = dense(model._BaseLibSVM__Xfit)[model.support_], _NAMES[model.kernel], {}
        else:
            points, name, settings = dense(model.support_vectors_), model.kernel, self._settings
        return in_parts(self.x, points, weights.shape[1], lambda rows: affine(kernel(rows, points, name, **settings), weights, model._intercept_))

    @property
    def _settings(self) -> dict[str, float]:
        return {"gamma": self.estimator._gamma, "degree": self.estimator.degree, "coef0": self.estimator.coef0}

    @property
    def weights(self) -> np.ndarray:
        """The weights of the support vectors, [vectors, sums]."""
        return dense(self.estimator._dual_coef_).T


class Regressor(Machine):
    """A regressor."""

    def predict(self) -> Value:
        """Write the prediction."""
        return self.margins.flat()


class OneClass(Machine):
    """An outlier detector: 1 where the sum is positive, else -1."""

    def predict(self) -> Value:
        """Write 1 and -1."""
        inside = self.margins.flat() > 0
        return inside.where(inside.constant(1, "int64"), -1)

    def decision_function(self) -> Value:
        """Write the scores, with the offset taken off."""
        return self.margins.flat()

    def score_samples(self) -> Value:
        """Write the scores."""
        return self.margins.flat() + float(np.ravel(self.estimator.offset_)[0])


class Classifier(Machine):
    """A classifier: of each pair of classes the first wins where its sum is positive, and the class that wins most is the answer."""

    @property
    def weights(self) -> np.ndarray:
        """The weights of the support vectors, [vectors, pairs]: those of the vectors of a pair's two classes (`svm_predict_values` of libsvm)."""
        given = dense(self.estimator._dual_coef_)
        owner = np.repeat(np.arange(self.count), self.estimator._n_support)
        found = np.zeros((given.shape[1], len(self.firsts)))
        for place, (first, second) in enumerate(zip(self.firsts, self.seconds, strict=True)):
            found[owner == first, place] = given[second - 1, owner == first]
            found[owner == second, place] = given[first, owner == second]
        return found

    @property
    def count(self) -> int:
        """How many classes there are."""
        return len(self.estimator.classes_)

    @property
    def firsts(self) -> np.ndarray:
        """The first class of each pair."""
        return np.triu_indices(self.count, 1)[0]

    @property
    def seconds(self) -> np.ndarray:
        """The second class of each pair."""
        return np.triu_indices(self.count, 1)[1]

    def predict(self) -> Value:
        """Write the classes."""
        if self.count == 2:
            return self.second(~(self.margins.flat() > 0))
        is_by_scores = self.estimator.break_ties and self.estimator.decision_function_shape == "ovr"
        return self.labels((self.decision_function() if is_by_scores else self._votes(self.margins > 0)).argmax())

    def decision_function(self) -> Value:
        """Write the scores: of two classes that of the second, of more that of each pair, or the votes and sums of each class."""
        if self.count == 2:
            return -self.margins.flat()
        if self.estimator.decision_function_shape == "ovo":
            return self.margins
        confidence = affine(self.margins, self._of(self.firsts) - self._of(self.seconds))
        return self._votes(self.margins >= 0) + confidence / ((abs(confidence) + 1) * 3)

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        first = 1 - (self.margins * dense(self.estimator._probA) + dense(self.estimator._probB)).sigmoid()
        (found,) = in_chunks(lambda rows: [self._coupled(rows)], first.clip(1e-7, 1 - 1e-7), len(self.firsts), max(1, _CHUNK // self.count**2))
        return found

    def _votes(self, is_first: Value) -> Value:
        first = is_first.cast(self.compute)
        return affine(first, self._of(self.firsts) - self._of(self.seconds), self._of(self.seconds).sum(axis=0))

    def _of(self, classes: np.ndarray) -> np.ndarray:
        """Return which class [pairs, classes] is meant, 0 and 1."""
        return np.asarray(np.eye(self.count)[classes])

    def _coupled(self, first: Value) -> Value:
        """Return the probabilities of the classes by those of the first of each pair, [batch, pairs].

        It is `multiclass_probability` of libsvm: method 2 of Wu, Lin and Weng (2004), with a start and an end of its own.
        """
        count, places = self.count, np.arange(self.count**2).reshape(self.count, self.count)
        all_places = np.eye(count**2)
        given = first @ all_places[places[self.firsts, self.seconds]] + (1 - first) @ all_places[places[self.seconds, self.firsts]]
        won = given.reshaped(-1, count, count)
        lost = won.transposed(0, 2, 1)
        matrix = (lost * lost).sum(2) * np.eye(count)[None] - won * lost
        directions = side_by_side([matrix * 0 + np.eye(count)[None], matrix], axis=2)
        rows = [directions.node("Gather", matrix.constant(place, "int64"), axis=1) for place in range(count)]
        diagonal = [row.columns([count + place]) for place, row in enumerate(rows)]

        def step(_: Value, shares: Value, is_open: Value) -> tuple[Value, Sequence[Value]]:
            slope = (matrix * shares.wide()).sum(2, keep=False)
            total = (shares * slope).sum()
            still = is_open & (abs(slope - total).max() >= 0.005 / count)
            return still.any(), [still.where(_swept(shares, slope, total, rows, diagonal), shares), still]

        start = first.for_each_row(np.full(count, 1 / count))
        return loop(step, [start, start.columns([0]) > 0], max(100, count))[0].reshaped(-1, count)


def _swept(shares: Value, slope: Value, total: Value, rows: Sequence[Value], diagonal: Sequence[Value]) -> Value:
    """Return shares after one step in the direction of each class; the slope is the matrix times the shares, and the total these times the slope."""
    both, count = side_by_side([shares, slope]), len(rows)
    for place, row in enumerate(rows):
        own = both.columns([count + place])
        step = (total - own) / diagonal[place]
        scale = step + 1
        total = (total + step * own / scale) / scale
        both = (both + step * row) / scale
    return both.columns(range(count))


WRITERS: Mapping[type, type[Writer]] = {
    **dict.fromkeys((svm.SVC, svm.NuSVC), Classifier),
    **dict.fromkeys((svm.SVR, svm.NuSVR), Regressor),
    svm.OneClassSVM: OneClass,
    svm.LinearSVC: LinearClassifier,
    svm.LinearSVR: LinearRegressor,
}
