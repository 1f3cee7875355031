"""Gaussian processes: what the covariance with the training rows tells of their targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process._gpc import COEFS, LAMBDAS, _BinaryGaussianProcessClassifierLaplace

from converter.writing import Value, side_by_side
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Delegating, Expressed, affine, dense, of_two
from converter_sklearn.formulas.covariances import between, fault_of, of_itself
from converter_sklearn.formulas.kernels import in_parts
from converter_sklearn.formulas.special import erf


class Process(Expressed):
    """An estimator that holds a covariance function and training rows."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Not every covariance function can be written."""
        return fault_of(estimator.kernel_)

    def parts(self, width: int, write: Callable[[Value, Value], Value]) -> Value:
        """Return what `write` makes of rows [batch, columns] and their covariance with each training row, [batch, rows]: [batch, width]."""
        points, function = dense(self.estimator.X_train_), self.estimator.kernel_

        def of_rows(rows: Value) -> Value:
            found = between(function, rows, points)
            return write(rows, found if isinstance(found, Value) else rows.for_each_row(np.full(len(points), found)))

        return in_parts(self.x, points, width, of_rows)


class Regressor(Process):
    """A regressor, which answers the mean."""

    def predict(self) -> Value:
        """Write the prediction."""
        model = self.estimator
        given = dense(model.alpha_)
        weights = given.reshape(len(given), -1) * model._y_train_std
        found = self.parts(weights.shape[1], lambda _, covariance: affine(covariance, weights, np.atleast_1d(model._y_train_mean)))
        return found.flat() if weights.shape[1] == 1 else found


class Laplace(Process):
    """A classifier of two classes by Laplace's approximation (Rasmussen and Williams, algorithm 3.2)."""

    def predict(self) -> Value:
        """Write the classes."""
        return self.second(self.latent.column(0) > 0)

    def predict_proba(self) -> Value:
        """Write the probabilities: the logistic function as a sum of error functions, whose mean under a Gaussian is known (Williams and Barber)."""
        scales, weights = LAMBDAS.ravel(), COEFS.ravel()
        mean, variance = self.latent.columns([0]), self.latent.columns([1])
        precision = 0.5 / variance
        inner = mean * scales * (precision / (precision + scales**2)).sqrt()
        return of_two((erf(inner) * (weights / 2)).sum() + 0.5 * weights.sum())

    @cached_property
    def latent(self) -> Value:
        """The mean and the variance of the latent function, [batch, 2]."""
        model = self.estimator
        weights = (model.y_train_ - model.pi_)[:, None]
        factor = solve_triangular(model.L_, np.diag(model.W_sr_), lower=True).T

        def of_rows(rows: Value, covariance: Value) -> Value:
            whitened = affine(covariance, factor)
            variance = -(whitened * whitened).sum() + of_itself(model.kernel_, rows)
            return side_by_side([affine(covariance, weights), variance])

        return self.parts(2, of_rows)


class Classifier(Delegating):
    """A classifier of two classes, or of more by several of these."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Not every covariance function can be written."""
        base = estimator.base_estimator_
        return next(filter(None, (fault_of(each.kernel_) for each in getattr(base, "estimators_", [base]))), "")

    @cached_property
    def inner(self) -> Writer:
        """The writer of what decides."""
        return self.part(self.estimator.base_estimator_)


WRITERS: Mapping[type, type[Writer]] = {
    GaussianProcessRegressor: Regressor,
    GaussianProcessClassifier: Classifier,
    _BinaryGaussianProcessClassifierLaplace: Laplace,
}
