"""Classifiers that were fitted to rows of which some had no label."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from converter.writing import Value, in_chunks
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import BestOf, Delegating, dense
from converter_sklearn.families.neighbors import Neighbours
from converter_sklearn.formulas.distances import rows_of
from converter_sklearn.formulas.kernels import kernel


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
        _, places = held.near(self.estimator.n_neighbors)
        return self.constant(self.estimator.label_distributions_[held.order])[places].sum(1, keep=False)

    def _of_all(self) -> Value:
        points, labels = dense(self.estimator.X_), self.estimator.label_distributions_
        (found,) = in_chunks(lambda rows: [kernel(rows, points, "rbf", self.estimator.gamma) @ labels], self.x, points.shape[1], rows_of(points.size))
        return found


class SelfTrained(Delegating):
    """A classifier that labelled its own training rows."""

    @cached_property
    def inner(self) -> Writer:
        """The writer of the classifier."""
        name = "estimator_" if hasattr(self.estimator, "estimator_") else "base_estimator_"  # until scikit-learn 1.5
        return self.part(getattr(self.estimator, name))


WRITERS: Mapping[type, type[Writer]] = {LabelPropagation: Propagated, LabelSpreading: Propagated, SelfTrainingClassifier: SelfTrained}
