"""GradientBoosting: the initial guess, plus the learning rate times what the trees say."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from converter.trees import heads
from converter_sklearn.trees.labels import best, second_where
from converter_sklearn.trees.reading import nodes_of, of_numbers, values_of
from converter_sklearn.trees.single import SingleWriter


class _Boosting(SingleWriter):
    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse an initial guess that depends on the row."""
        init = estimator.init_
        constant = isinstance(init, str) or (isinstance(init, DummyClassifier | DummyRegressor) and init.strategy not in {"stratified", "uniform"})
        return "" if constant else f"its initial guess is a {type(init).__name__}, not a constant"

    @cached_property
    def raw(self) -> str:
        """The raw scores, [batch, 1 or classes]."""
        estimators = self.estimator.estimators_
        trees = [each.tree_ for each in estimators.ravel()]
        values = self.estimator.learning_rate * values_of(trees)[:, 0, 0]
        base = self.estimator._raw_predict_init(np.zeros((1, self.estimator.n_features_in_), np.float32))[0]
        targets = np.tile(np.arange(estimators.shape[1]), len(estimators))
        return self.sums(of_numbers(nodes_of(trees), self.estimator.n_features_in_, values, targets, base))

    @cached_property
    def reached(self) -> str:
        """The leaf of each tree, [batch, trees]."""
        trees = [each.tree_ for each in self.estimator.estimators_.ravel()]
        nodes = nodes_of(trees)
        zeros = np.zeros(nodes.count)
        ensemble = of_numbers(nodes, self.estimator.n_features_in_, zeros, np.zeros(len(trees), np.int64), np.zeros(1))
        return self.leaves(ensemble, nodes.numbers)


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
