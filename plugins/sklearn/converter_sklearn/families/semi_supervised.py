"""Classifiers that were fitted to rows of which some had no label."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import BestOf, Delegating, dense
from converter_sklearn.families.neighbors import Neighbours
from converter_sklearn.formulas.distances import with_nearest
from converter_sklearn.formulas.kernels import kernel
from converter_sklearn.values import Value, in_chunks

_CHUNK = 1 << 16  # numbers that stay in a core's cache


class Propagated(BestOf):
    """A classifier by the labels that spread over the training rows: the sum of those near, weighted by a kernel."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return that its kernel is a function of its own."""
        return "its kernel is a function of its own" if callable(estimator.kernel) else ""

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        found = self._of_nearest() if self.estimator.kernel == "knn" else self._of_all()
        return found / found.sum()

    def _of_nearest(self) -> Value:
        held = Neighbours(self.document, self.estimator.nn_fit, self.blocks, self.dtype, self.compute)
        labels = self.estimator.label_distributions_[held.order]
        (found,) = with_nearest(
            lambda _, places, __: [self.constant(labels)[places].sum(1, keep=False)],
            self.x,
            held.points,
            self.estimator.n_neighbors,
            held.metric,
            held.visits,
        )
        return found

    def _of_all(self) -> Value:
        points, labels = dense(self.estimator.X_), self.estimator.label_distributions_
        most = max(1, _CHUNK // points.size)
        (found,) = in_chunks(lambda rows: [kernel(rows, points, "rbf", self.estimator.gamma) @ labels], self.x, points.shape[1], most)
        return found


class SelfTrained(Delegating):
    """A classifier that labelled its own training rows."""

    @cached_property
    def inner(self) -> Writer:
        """The writer of the classifier."""
        return self.part(getattr(self.estimator, "estimator_", None) or self.estimator.base_estimator_)


WRITERS: Mapping[type, type[Writer]] = {LabelPropagation: Propagated, LabelSpreading: Propagated, SelfTrainingClassifier: SelfTrained}
