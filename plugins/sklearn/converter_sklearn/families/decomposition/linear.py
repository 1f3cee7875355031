"""Decompositions that a matrix makes of the columns, or of kernels of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Value
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.formulas.kernels import KERNELS, kernel


class Linear(Expressed):
    """Columns [columns, components] that a matrix makes after a mean was taken off, and the way back."""

    @property
    def mean(self) -> Any:
        """What is taken off first."""
        return self.estimator.mean_

    @property
    def weights(self) -> np.ndarray:
        """The matrix."""
        return dense(self.estimator.components_).T

    @property
    def back(self) -> np.ndarray:
        """The matrix [components, columns] of the way back."""
        return dense(self.estimator.components_)

    def transform(self) -> Value:
        """Write the components, [batch, components]."""
        return affine(self.x if self.mean is None else self.x - dense(self.mean), self.weights)

    def inverse_transform(self) -> Value:
        """Write the columns that components stand for."""
        return affine(self.x, self.back, 0.0 if self.mean is None else self.mean)


class Gaussian(Linear):
    """Components of rows with a normal distribution."""

    def score_samples(self) -> Value:
        """Write the logarithm of each row's likelihood."""
        precision = dense(self.estimator.get_precision())
        apart = self.x - dense(self.mean)
        constant = np.linalg.slogdet(precision)[1] - len(precision) * np.log(2 * np.pi)
        return ((apart @ precision * apart).sum(keep=False) - float(constant)) / -2


class Principal(Gaussian):
    """Principal components."""

    @property
    def weights(self) -> np.ndarray:
        """The matrix; whitened components have variance 1."""
        return np.asarray(super().weights / self._spread)

    @property
    def back(self) -> np.ndarray:
        """The matrix of the way back."""
        return np.asarray(super().back * self._spread[:, None])

    @property
    def _spread(self) -> np.ndarray:
        variance = self.estimator.explained_variance_
        return np.maximum(np.sqrt(variance), np.finfo(variance.dtype).eps) if self.estimator.whiten else np.ones(len(variance))


class Truncated(Linear):
    """Components of columns as they are."""

    @property
    def mean(self) -> None:
        """Nothing is taken off."""


class Independent(Linear):
    """Independent components."""

    @property
    def mean(self) -> Any:
        """What is taken off first, where columns were whitened."""
        return self.estimator.mean_ if self.estimator.whiten else None

    @property
    def back(self) -> np.ndarray:
        """The matrix of the way back."""
        return dense(self.estimator.mixing_).T


class Factors(Gaussian):
    """Factor analysis: the expected factors of a row."""

    @property
    def weights(self) -> np.ndarray:
        """The matrix."""
        scaled = self.estimator.components_ / self.estimator.noise_variance_
        return np.asarray(scaled.T @ np.linalg.inv(np.eye(len(scaled)) + scaled @ self.estimator.components_.T))


class SparsePrincipal(Linear):
    """Sparse principal components: those that explain a row best by ridge regression."""

    @property
    def weights(self) -> np.ndarray:
        """The matrix."""
        components = dense(self.estimator.components_)
        return np.linalg.solve(components @ components.T + self.estimator.ridge_alpha * np.eye(len(components)), components).T


class Kernelled(Expressed):
    """Principal components of a kernel."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return that its kernel is a function of its own."""
        is_known = estimator.kernel in {*KERNELS, "precomputed"} if isinstance(estimator.kernel, str) else False
        return "" if is_known else "its kernel is a function of its own"

    def transform(self) -> Value:
        """Write the components, [batch, components]."""
        values, vectors = self.estimator.eigenvalues_, self.estimator.eigenvectors_
        weights = np.where(values == 0, 0, vectors / np.sqrt(np.where(values == 0, 1, values)))
        centre = self.estimator._centerer
        found = self._kernel(self.estimator.X_fit_)
        return affine(found - found.mean() - (centre.K_fit_rows_ - centre.K_fit_all_), weights)

    def inverse_transform(self) -> Value:
        """Write the columns that components stand for."""
        return affine(self._kernel(self.estimator.X_transformed_fit_), self.estimator.dual_coef_)

    def _kernel(self, points: Any) -> Value:
        if self.estimator.kernel == "precomputed":
            return self.x
        return kernel(self.x, points, self.estimator.kernel, self.estimator.gamma_, self.estimator.degree, self.estimator.coef0)
