"""Projections that two tables share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense


class Shared(Expressed):
    """Directions of the columns, and what they tell of the targets."""

    def transform(self) -> Value:
        """Write the columns along the directions."""
        return self.along(self.estimator.x_rotations_)

    def predict(self) -> Value:
        """Write the prediction; `coef_` has been of columns by their deviation, and is of columns as they come."""
        model = self.estimator
        found = self.along(dense(model.x_rotations_) @ dense(model.y_loadings_).T * dense(model._y_std)) + dense(model.intercept_)
        return found.flat() if model._predict_1d else found

    def along(self, directions: Any) -> Value:
        """Return the columns with mean 0, and deviation 1 if they are scaled, times directions [columns, …]."""
        return affine(self.x - dense(self.estimator._x_mean), dense(directions) / dense(self.estimator._x_std)[:, None])


class Singular(Shared):
    """Directions that are singular vectors of the covariance, and tell nothing of the targets."""

    def transform(self) -> Value:
        """Write the columns along the directions."""
        return self.along(self.estimator.x_weights_)


WRITERS: Mapping[type, type[Writer]] = {**dict.fromkeys((CCA, PLSCanonical, PLSRegression), Shared), PLSSVD: Singular}
