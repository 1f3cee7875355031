"""Linear models: weights times columns, plus an intercept, and the link of some."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from sklearn import linear_model as linear

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Decided, Expressed, Inside, affine, dense, of_two, shared_out
from converter_sklearn.known import known


class Regressor(Expressed):
    """A regressor of one output or several."""

    def predict(self) -> Value:
        """Write the prediction."""
        return affine(self.x, dense(self.estimator.coef_).T, self.estimator.intercept_)


class Generalized(Expressed):
    """A regressor whose link is the identity or the logarithm."""

    def predict(self) -> Value:
        """Write the prediction."""
        raw = affine(self.x, self.estimator.coef_, self.estimator.intercept_)
        return raw.exp() if type(self.estimator._base_loss.link).__name__ == "LogLink" else raw


class Consensus(Expressed):
    """RANSAC: the regressor that was fitted to the inliers."""

    def predict(self) -> Value:
        """Write the prediction."""
        return self.asked(self.estimator.estimator_, "predict")


class Classifier(Decided):
    """A classifier by linear scores."""

    @cached_property
    def scores(self) -> Value:
        """The scores, [batch, classes or 1]."""
        return affine(self.x, np.atleast_2d(dense(self.estimator.coef_)).T, self.estimator.intercept_)


class Logistic(Classifier):
    """Logistic regression."""

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        return of_two(self.scores.sigmoid()) if len(self.estimator.classes_) == 2 else self.scores.softmax()


class Descended(Classifier):
    """A classifier that stochastic gradient descent found; probabilities it has with two of its losses."""

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        is_logistic = self.estimator.loss == "log_loss"
        shares = self.scores.sigmoid() if is_logistic else (self.scores.clip(-1, 1) + 1) / 2
        return of_two(shares) if len(self.estimator.classes_) == 2 else shared_out(shares, len(self.estimator.classes_))


class OneClass(Inside):
    """An outlier detector by a linear score."""

    def score_samples(self) -> Value:
        """Write the scores."""
        return affine(self.x, dense(self.estimator.coef_).ravel())


_REGRESSORS = known(
    linear,
    *("ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "HuberRegressor", "Lars", "LarsCV", "Lasso", "LassoCV", "LassoLars"),
    *("LassoLarsCV", "LassoLarsIC", "LinearRegression", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"),
    *("OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "PassiveAggressiveRegressor", "QuantileRegressor", "Ridge", "RidgeCV"),
    *("SGDRegressor", "TheilSenRegressor"),
)
_CLASSIFIERS = known(linear, "PassiveAggressiveClassifier", "Perceptron", "RidgeClassifier", "RidgeClassifierCV")
WRITERS: Mapping[type, type[Writer]] = {
    **dict.fromkeys(_REGRESSORS, Regressor),
    **dict.fromkeys(known(linear, "TweedieRegressor", "PoissonRegressor", "GammaRegressor"), Generalized),
    linear.RANSACRegressor: Consensus,
    **dict.fromkeys(_CLASSIFIERS, Classifier),
    **dict.fromkeys((linear.LogisticRegression, linear.LogisticRegressionCV), Logistic),
    linear.SGDClassifier: Descended,
    linear.SGDOneClassSVM: OneClass,
}
