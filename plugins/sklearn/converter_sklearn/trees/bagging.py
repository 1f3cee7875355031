"""Bagging: the mean of what the members say, each of its own columns."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from converter.trees import heads
from converter_sklearn.estimators import Writer
from converter_sklearn.parts import value_in
from converter_sklearn.trees.labels import best
from converter_sklearn.trees.members import Members
from converter_sklearn.trees.reading import of_vectors, values_of


class Regressor(Members):
    """A regressor of one output or several."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        count = len(self.estimator.estimators_)
        if self.trees is None:
            return self.divided(self.added(self.said("predict")), count)
        values = values_of(self.trees.trees)[:, :, 0]
        found = self.divided(self.trees.sums(of_vectors(self.trees.nodes, self.estimator.n_features_in_, values)), count)
        return heads.flat(self.document, found) if values.shape[1] == 1 else found


class Classifier(Members):
    """A classifier; its members know the classes by their numbers."""

    @cached_property
    def votes(self) -> str:
        """The probabilities times the number of members, [batch, classes]."""
        if self.trees is None:
            return self.added([self._votes_of(each) for each in self.parts])
        values = self.trees.class_values(self.numbers)
        return self.trees.sums(of_vectors(self.trees.nodes, self.estimator.n_features_in_, values))

    @property
    def numbers(self) -> np.ndarray:
        """The classes as the members know them."""
        return np.arange(len(self.estimator.classes_))

    def _votes_of(self, member: Writer) -> str:
        """Return what a member says of each class, [batch, classes]: its probabilities, else its label."""
        known: Any = member.estimator.classes_
        if not hasattr(member.estimator, "predict_proba"):
            return self.named(value_in(self.dtype, member, "predict"), self.numbers, 1, 0)
        found = value_in(self.dtype, member, "predict_proba")
        if len(known) == len(self.numbers):
            return found
        spread = (np.asarray(known)[:, None] == self.numbers).astype(self.dtype)  # one that saw some of the classes only
        return self.document.node("MatMul", found, self.document.constant(spread))

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        return self.divided(self.votes, len(self.estimator.estimators_))

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        scores = self.said("decision_function")
        return self.divided(self.added(scores), len(scores))

    def predict(self) -> str:
        """Write what the estimator predicts."""
        return best(self.document, self.votes, self.estimator.classes_)
