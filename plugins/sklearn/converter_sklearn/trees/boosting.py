"""GradientBoosting: the initial guess, a constant or another estimator's, plus the learning rate times what the trees say."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from converter.trees import heads
from converter_sklearn.estimators import Block
from converter_sklearn.parts import part, value_in
from converter_sklearn.trees.labels import best, second_where
from converter_sklearn.trees.reading import nodes_of, of_numbers, values_of
from converter_sklearn.trees.single import SingleWriter


class _Boosting(SingleWriter):
    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse an initial guess that is drawn."""
        is_drawn = isinstance(estimator.init_, DummyClassifier) and estimator.init_.strategy == "stratified"
        return "its initial guess is drawn at random" if is_drawn else ""

    @cached_property
    def raw(self) -> str:
        """The raw scores, [batch, 1 or classes]."""
        estimators = self.estimator.estimators_
        trees = [each.tree_ for each in estimators.ravel()]
        values = self.estimator.learning_rate * values_of(trees)[:, 0, 0]
        targets = np.tile(np.arange(estimators.shape[1]), len(estimators))
        base = self._constant if self._constant is not None else np.zeros(estimators.shape[1])
        sums = self.sums(of_numbers(nodes_of(trees), self.estimator.n_features_in_, values, targets, base))
        return sums if self._constant is not None else self.document.node("Add", self.guess, sums)

    @cached_property
    def _constant(self) -> np.ndarray | None:
        """The raw scores that it begins with, [1 or classes], where they are the same for every row."""
        init = self.estimator.init_
        if not isinstance(init, str | DummyRegressor | DummyClassifier):
            return None
        found: np.ndarray = self.estimator._raw_predict_init(np.zeros((1, self.estimator.n_features_in_), np.float32))[0]
        return found

    @cached_property
    def guess(self) -> str:
        """The raw scores that it begins with, where an estimator guesses them from the row, [batch, 1 or classes]."""
        init, seen = self.estimator.init_, Block(self.matrix, self.dtype, int(self.estimator.n_features_in_))
        if not is_classifier(self.estimator):
            column = self.document.constant(np.array([-1, 1], np.int64))
            guess = value_in(self.dtype, part(self.document, init, [seen], self.dtype, self.compute), "predict")
            return self.document.node("Reshape", guess, column)
        # logarithms of small probabilities magnify what is wrong with these
        probabilities = value_in("float64", part(self.document, init, [seen], "float64", self.compute), "predict_proba")
        return self.cast(self._scores(probabilities), self.dtype)

    def _scores(self, probabilities: str) -> str:
        """Return the raw scores of probabilities [batch, classes] in double precision, by the link of the loss."""
        document = self.document
        inside = document.node("Clip", probabilities, *(document.constant(each) for each in _ends()))
        last = document.constant(np.array([1], np.int64))
        if self.estimator.estimators_.shape[1] > 1:
            logarithms = document.node("Log", inside)
            return document.node("Sub", logarithms, document.node("ReduceMean", logarithms, last, keepdims=1))
        second = document.node("Gather", inside, last, axis=1)
        odds = document.node("Div", second, document.node("Sub", document.constant(np.ones(1)), second))
        share = 0.5 if type(self.estimator._loss.link).__name__ == "HalfLogitLink" else 1.0
        return document.node("Mul", document.node("Log", odds), document.constant(np.array([share])))

    @cached_property
    def reached(self) -> str:
        """The leaf of each tree, [batch, trees]."""
        nodes = nodes_of([each.tree_ for each in self.estimator.estimators_.ravel()])
        return self.leaves(nodes, nodes.numbers)


class Regressor(_Boosting):
    """A regressor; its scores are its predictions."""

    def predict(self) -> str:
        """Write what the estimator predicts."""
        return heads.flat(self.document, self.raw)

    def apply(self) -> str:
        """Write the leaf that each row reaches in each tree."""
        return self.reached


class Classifier(_Boosting):
    """A classifier of two classes, with one score, or of several."""

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        return heads.flat(self.document, self.raw) if self.estimator.estimators_.shape[1] == 1 else self.raw

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        if self.estimator.estimators_.shape[1] > 1:
            return self.document.node("Softmax", self.raw, axis=1)
        raw = self.document.node("Mul", self.raw, self.number(2)) if self.estimator.loss == "exponential" else self.raw
        return heads.two_columns(self.document, self.document.node("Sigmoid", raw), self.dtype)

    def predict(self) -> str:
        """Write what the estimator predicts."""
        if self.estimator.estimators_.shape[1] > 1:
            return best(self.document, self.raw, self.estimator.classes_)
        is_second = self.document.node("GreaterOrEqual", self.decision_function(), self.number(0))
        return second_where(self.document, is_second, self.estimator.classes_)

    def apply(self) -> str:
        """Write the leaf that each row reaches in each tree."""
        shape = self.document.constant(np.array([-1, *self.estimator.estimators_.shape], np.int64))
        return self.document.node("Reshape", self.reached, shape)


def _ends() -> np.ndarray:
    """Return the least and the largest probability, float64, that scikit-learn takes the logarithm of: what it makes of 0 and 1 with a link that keeps them."""
    from sklearn.ensemble._gb import _init_raw_predictions  # only where it is needed, since it is not public

    certain = SimpleNamespace(predict_proba=lambda _: np.array([[0.0, 1.0]]))
    loss = SimpleNamespace(is_multiclass=True, link=SimpleNamespace(link=lambda probabilities: probabilities))
    found: np.ndarray = _init_raw_predictions(None, certain, loss, use_predict_proba=True)[0]
    return found
