"""Bagging over trees: the mean of what they say, each of its own columns."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from converter.trees import heads
from converter_sklearn.trees.labels import best
from converter_sklearn.trees.members import MembersWriter
from converter_sklearn.trees.reading import of_vectors, values_of


class Regressor(MembersWriter):
    """A regressor."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        values = values_of(self.trees)[:, 0] / len(self.trees)
        return heads.flat(self.document, self.sums(of_vectors(self.nodes, self.estimator.n_features_in_, values)))


class Classifier(MembersWriter):
    """A classifier; its members know the classes by their numbers."""

    @cached_property
    def probabilities(self) -> str:
        """Write the values of `probabilities`."""
        values = self.class_values(np.arange(len(self.estimator.classes_))) / len(self.trees)
        return self.sums(of_vectors(self.nodes, self.estimator.n_features_in_, values))

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        return self.probabilities

    def predict(self) -> str:
        """Write what the estimator predicts."""
        return best(self.document, self.probabilities, self.estimator.classes_)
