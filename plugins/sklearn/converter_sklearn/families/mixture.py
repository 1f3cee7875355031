"""Mixtures of Gaussians."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import digamma
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.formulas.kernels import squared_distances, summed, whitened_distances


class Mixture(Expressed):
    """Components with a mean, a covariance of one of four shapes, and a weight each."""

    def predict(self) -> Value:
        """Write the place of the most probable component."""
        return self.joint.argmax()

    def predict_proba(self) -> Value:
        """Write the probabilities of the components."""
        return self.joint.softmax()

    def score_samples(self) -> Value:
        """Write the logarithm of the density."""
        return self.joint.logsumexp().flat()

    @cached_property
    def joint(self) -> Value:
        """The logarithm of each component's density times its weight, [batch, components]."""
        return self.distances * -0.5 + self.constants

    @property
    def constants(self) -> np.ndarray:
        """The same at each component's mean."""
        columns = int(self.estimator.n_features_in_)
        weights = dense(self.estimator._estimate_log_weights())
        found: np.ndarray = weights + _log_determinants(self.estimator, columns) - 0.5 * columns * np.log(2 * np.pi)
        return found

    @property
    def distances(self) -> Value:
        """The squared Mahalanobis distances from the means, [batch, components]."""
        means, factors = dense(self.estimator.means_), dense(self.estimator.precisions_cholesky_)
        shape = self.estimator.covariance_type
        if shape == "full":
            return whitened_distances(self.x, means, list(factors))
        if shape == "tied":
            middle = means.mean(axis=0)
            return squared_distances((self.x - middle) @ factors, (means - middle) @ factors)
        if shape == "diag":
            return summed(self.x, means, lambda row, mean: (row - mean) * (row - mean) * factors[None] ** 2)
        return squared_distances(self.x, means) * factors**2


class Bayesian(Mixture):
    """A mixture whose parameters are uncertain (`BayesianGaussianMixture._estimate_log_prob`)."""

    @property
    def constants(self) -> np.ndarray:
        """The same at each component's mean, as it is expected."""
        model, columns = self.estimator, self.estimator.n_features_in_
        freedom = dense(model.degrees_of_freedom_)
        spread = columns * np.log(2) + digamma(0.5 * (freedom - np.arange(columns)[:, None])).sum(axis=0)
        found: np.ndarray = super().constants - 0.5 * columns * np.log(freedom) + 0.5 * (spread - columns / dense(model.mean_precision_))
        return found


def _log_determinants(model: Any, columns: int) -> np.ndarray:
    """Return the logarithms of the determinants of the factors of the precisions, of each component."""
    factors = dense(model.precisions_cholesky_)
    if model.covariance_type == "spherical":
        return np.asarray(columns * np.log(factors))
    diagonals = factors if model.covariance_type == "diag" else np.diagonal(factors, axis1=-2, axis2=-1)
    return np.asarray(np.log(diagonals).sum(axis=-1))


WRITERS: Mapping[type, type[Writer]] = {GaussianMixture: Mixture, BayesianGaussianMixture: Bayesian}
