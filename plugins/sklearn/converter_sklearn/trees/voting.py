"""AdaBoost: a weighted vote of the members' labels, or the weighted median of their predictions."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from converter.trees import heads
from converter_sklearn.trees.labels import best, second_where
from converter_sklearn.trees.members import Members, Trees
from converter_sklearn.trees.reading import of_numbers, of_vectors, values_of


class Classifier(Members):
    """A classifier: each member gives its weight to the class that it names, and takes it from the others together."""

    precision: ClassVar[str] = "float64"  # a member's two best may be near, and a label is a whole vote

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse another way of voting, which scikit-learn had until 1.6."""
        return "its members vote with probabilities, by SAMME.R" if getattr(estimator, "algorithm", "SAMME") == "SAMME.R" else ""

    @cached_property
    def decision(self) -> str:
        """The votes, [batch, classes]; of two classes those of the second alone, [batch, 1]."""
        count, weights = len(self.estimator.classes_), self.estimator.estimator_weights_[: len(self.estimator.estimators_)]
        given = weights if count > 1 else np.zeros(len(weights))  # an only class has no votes
        votes = self._votes_of_members(given) if self.trees is None else self._votes_of_trees(self.trees, given)
        return self.divided(votes, weights.sum() / (2 if count == 2 else 1))

    def _votes_of_trees(self, trees: Trees, weights: np.ndarray) -> str:
        classes = self.estimator.classes_
        named = trees.class_values(classes).argmax(axis=1)[:, None] == np.arange(len(classes))
        values = weights[trees.nodes.trees, None] * np.where(named, 1, self._of_others)
        return trees.sums(of_vectors(trees.nodes, self.estimator.n_features_in_, values[:, 1:] if len(classes) == 2 else values))

    def _votes_of_members(self, weights: np.ndarray) -> str:
        classes = self.estimator.classes_
        pairs = zip(self.said("predict"), weights, strict=True)
        votes = self.added([self.named(labels, classes, weight, weight * self._of_others) for labels, weight in pairs])
        if len(classes) != 2:
            return votes
        return self.document.node("Gather", votes, self.document.constant(np.array([1], np.int64)), axis=1)

    @property
    def _of_others(self) -> float:
        """What the classes that are not named get of a weight."""
        return -1 / max(1, len(self.estimator.classes_) - 1)

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        return heads.flat(self.document, self.decision) if len(self.estimator.classes_) == 2 else self.decision

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        count = len(self.estimator.classes_)
        if count != 2:
            return self.document.node("Softmax", self.divided(self.decision, max(1, count - 1)), axis=1)
        return heads.two_columns(self.document, self.document.node("Sigmoid", self.decision), self.dtype)

    def predict(self) -> str:
        """Write what the estimator predicts."""
        if len(self.estimator.classes_) != 2:
            return best(self.document, self.decision, self.estimator.classes_)
        is_second = self.document.node("Greater", self.decision_function(), self.number(0))
        return second_where(self.document, is_second, self.estimator.classes_)


class Regressor(Members):
    """A regressor: the prediction at which half of the members' weights lies below or at it."""

    @cached_property
    def predictions(self) -> str:
        """What the members predict, [batch, members]."""
        count = len(self.estimator.estimators_)
        if self.trees is None:
            columns = [self.document.node("Reshape", each, self.document.constant(np.array([-1, 1]))) for each in self.said("predict")]
            return self.document.node("Concat", *columns, axis=1)
        values = values_of(self.trees.trees)[:, 0, 0]
        return self.trees.sums(of_numbers(self.trees.nodes, self.estimator.n_features_in_, values, np.arange(count), np.zeros(count)))

    def predict(self) -> str:
        """Write what the estimator predicts."""
        document, count = self.document, len(self.estimator.estimators_)
        weights = self.estimator.estimator_weights_[:count]
        most = document.constant(np.array([count], np.int64))
        ascending, order = document.nodes("TopK", self.predictions, most, outputs=2, axis=1, largest=0)
        reached = document.node("CumSum", document.node("Gather", document.constant(weights), order), document.constant(np.array(1, np.int64)))
        whole = document.node("Gather", reached, document.constant(np.array([count - 1], np.int64)), axis=1)
        is_half = document.node("GreaterOrEqual", reached, document.node("Mul", whole, document.constant(np.array([0.5]))))
        first = document.node("ArgMax", self.cast(is_half, "float32"), axis=1, keepdims=1)
        return heads.flat(document, document.node("GatherElements", ascending, first, axis=1))
