"""Powers that make columns look normally distributed."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sklearn.preprocessing import PowerTransformer, StandardScaler

from converter.writing import Value
from converter_sklearn.expressed import Expressed
from converter_sklearn.formulas.special import expm1, log1p


class Power(Expressed):
    """A PowerTransformer, by Yeo and Johnson or by Box and Cox."""

    estimator: PowerTransformer

    def transform(self) -> Value:
        """Write the transformed columns."""
        powers = self._yeo_johnson() if self.estimator.method == "yeo-johnson" else _boxed(self.x.log(), self.powers)
        return (powers - self.scaler.mean_) / self.scaler.scale_ if self.estimator.standardize else powers

    def inverse_transform(self) -> Value:
        """Write the columns as they were."""
        powers = self.x * self.scaler.scale_ + self.scaler.mean_ if self.estimator.standardize else self.x
        return self._from_yeo_johnson(powers) if self.estimator.method == "yeo-johnson" else _unboxed(powers, self.powers)

    @cached_property
    def powers(self) -> np.ndarray:
        """The power of each column."""
        return np.asarray(self.estimator.lambdas_, np.float64)

    @property
    def scaler(self) -> StandardScaler:
        """What standardises the powers."""
        return self.estimator._scaler

    def _yeo_johnson(self) -> Value:
        """Return what is above 1 of the powers of 1 + |x|, by the power; below 0 the powers are 2 less these, and the signs turned."""
        is_low = self.x < 0
        logs, powers = log1p(abs(self.x)), is_low.where(self.constant(2 - self.powers), self.powers)
        if np.isin(self.powers, (0, 2)).any():
            is_log = powers == 0
            some = is_log.where(powers.constant(1), powers)
            found = is_log.where(logs, expm1(logs * some) / some)
        else:
            found = expm1(logs * powers) / powers
        return is_low.where(-found, found)

    def _from_yeo_johnson(self, powers: Value) -> Value:
        return (powers >= 0).where(_raised(powers, self.powers), -_raised(-powers, 2 - self.powers))


def _boxed(log: Value, powers: np.ndarray) -> Value:
    """Return what the powers of numbers are above 1, by the power, given their logarithms, which the power 0 stands for."""
    is_log, some = powers == 0, np.where(powers == 0, 1, powers)
    found = expm1(log * some) / some
    return log.constant(is_log, "bool").where(log, found) if is_log.any() else found


def _unboxed(x: Value, powers: np.ndarray) -> Value:
    """Return the numbers whose powers are above 1 by x times the power."""
    is_log, some = powers == 0, np.where(powers == 0, 1, powers)
    found = (log1p(x * some) / some).exp()
    return x.constant(is_log, "bool").where(x.exp(), found) if is_log.any() else found


def _raised(x: Value, powers: np.ndarray) -> Value:
    """Return the same less 1, by a root, as scikit-learn has it."""
    is_log, some = powers == 0, np.where(powers == 0, 1, powers)
    found = (x * some + 1) ** (1 / some) - 1
    return x.constant(is_log, "bool").where(x.exp() - 1, found) if is_log.any() else found
