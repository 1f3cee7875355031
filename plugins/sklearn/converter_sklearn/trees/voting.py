"""AdaBoost over trees: a weighted vote of their labels, or the weighted median of their predictions."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from converter.trees import heads
from converter_sklearn.trees.labels import best, second_where
from converter_sklearn.trees.members import MembersWriter
from converter_sklearn.trees.reading import of_numbers, of_vectors, values_of


class Classifier(MembersWriter):
    """A classifier: each tree gives its weight to the class that it names, and takes it from the others together."""

    @cached_property
    def decision(self) -> str:
        """The votes, [batch, classes]; of two classes those of the second alone, [batch, 1], twice."""
        classes = self.estimator.classes_
        named = self.class_values(classes).argmax(axis=1)
        weights = (self.estimator.estimator_weights_ / self.estimator.estimator_weights_.sum())[self.nodes.trees]
        if len(classes) == 2:
            values = (2 * weights * np.where(named == 1, 1, -1))[:, None]
        else:
            values = weights[:, None] * np.where(np.arange(len(classes)) == named[:, None], 1, -1 / max(1, len(classes) - 1))
        return self.sums(of_vectors(self.nodes, self.estimator.n_features_in_, values))

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        return heads.flat(self.document, self.decision) if len(self.estimator.classes_) == 2 else self.decision

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        count = len(self.estimator.classes_)
        if count > 2:
            return self.document.node("Softmax", self.document.node("Div", self.decision, self.number(count - 1)), axis=1)
        if count == 1:
            return self.document.node("Softmax", self.decision, axis=1)
        return heads.two_columns(self.document, self.document.node("Sigmoid", self.decision), self.dtype)

    def predict(self) -> str:
        """Write what the estimator predicts."""
        if len(self.estimator.classes_) != 2:
            return best(self.document, self.decision, self.estimator.classes_)
        is_second = self.document.node("Greater", self.decision_function(), self.number(0))
        return second_where(self.document, is_second, self.estimator.classes_)


class Regressor(MembersWriter):
    """A regressor: the prediction at which half of the trees' weights lies below or at it."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        document, count = self.document, len(self.trees)
        weights = self.estimator.estimator_weights_[:count]
        ensemble = of_numbers(self.nodes, self.estimator.n_features_in_, values_of(self.trees)[:, 0, 0], np.arange(count), np.zeros(count))
        predictions = self.sums(ensemble)
        ascending, order = document.nodes("TopK", predictions, document.constant(np.array([count], np.int64)), outputs=2, axis=1, largest=0)
        reached = document.node("CumSum", document.node("Gather", document.constant(weights), order), document.constant(np.array(1, np.int64)))
        whole = document.node("Gather", reached, document.constant(np.array([count - 1], np.int64)), axis=1)
        is_half = document.node("GreaterOrEqual", reached, document.node("Mul", whole, document.constant(np.array([0.5]))))
        first = document.node("ArgMax", self.cast(is_half, "float32"), axis=1, keepdims=1)
        return heads.flat(document, document.node("GatherElements", ascending, first, axis=1))
