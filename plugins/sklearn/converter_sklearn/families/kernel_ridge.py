"""Ridge regression over a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.kernel_ridge import KernelRidge

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.formulas.kernels import KERNELS, in_parts, kernel


class Ridge(Expressed):
    """A weight for each training row."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """A kernel may be any function."""
        is_known = isinstance(estimator.kernel, str) and estimator.kernel in KERNELS | {"precomputed"}
        return "" if is_known else f"its kernel is {estimator.kernel!r}"

    def predict(self) -> Value:
        """Write the prediction."""
        weights = dense(self.estimator.dual_coef_)
        found = self._similar(weights.reshape(len(weights), -1))
        return found.flat() if weights.ndim == 1 else found

    def _similar(self, weights: Any) -> Value:
        model = self.estimator
        if model.kernel == "precomputed":
            return affine(self.x, weights)
        if model.kernel == "linear":
            return affine(self.x, dense(model.X_fit_).T @ weights)
        points = dense(model.X_fit_)
        settings = {"gamma": model.gamma, "degree": model.degree, "coef0": model.coef0}
        return in_parts(self.x, points, weights.shape[1], lambda rows: affine(kernel(rows, points, model.kernel, **settings), weights))


WRITERS: Mapping[type, type[Writer]] = {KernelRidge: Ridge}
