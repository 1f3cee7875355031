"""Columns on other scales, and rows of unit length."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.preprocessing import MinMaxScaler

from converter.writing import Value
from converter_sklearn.expressed import Expressed, dense

_SMALLEST_NORM = 10 * float(np.finfo(np.float64).eps)  # shorter rows stay as they are, see sklearn.preprocessing._data._handle_zeros_in_scale


class Scaler(Expressed):
    """Takes a centre off and divides by a spread, both [columns] and each of them optional."""

    @cached_property
    def centre(self) -> Any:
        """What is taken off, None for nothing."""
        return getattr(self.estimator, "center_", None)

    @cached_property
    def spread(self) -> Any:
        """What is divided by, None for nothing."""
        return getattr(self.estimator, "scale_", None)

    def transform(self) -> Value:
        """Write the scaled columns."""
        centred = self.x if self.centre is None else self.x - self.centre
        return centred if self.spread is None else centred / self.spread

    def inverse_transform(self) -> Value:
        """Write the columns on their own scales."""
        spread = self.x if self.spread is None else self.x * self.spread
        return spread if self.centre is None else spread + self.centre


class Standard(Scaler):
    """A StandardScaler."""

    @cached_property
    def centre(self) -> Any:
        """The mean."""
        return self.estimator.mean_ if self.estimator.with_mean else None


class LargestToOne(Scaler):
    """A MaxAbsScaler."""

    def transform(self) -> Value:
        """Write the scaled columns."""
        scaled = super().transform()
        return scaled.clip(-1, 1) if getattr(self.estimator, "clip", False) else scaled


class ToRange(Expressed):
    """A MinMaxScaler."""

    estimator: MinMaxScaler

    def transform(self) -> Value:
        """Write the scaled columns."""
        scaled = self.x * dense(self.estimator.scale_) + dense(self.estimator.min_)
        return scaled.clip(*self.estimator.feature_range) if self.estimator.clip else scaled

    def inverse_transform(self) -> Value:
        """Write the columns on their own scales."""
        return (self.x - dense(self.estimator.min_)) / dense(self.estimator.scale_)


class UnitRows(Expressed):
    """A Normalizer."""

    def transform(self) -> Value:
        """Write rows whose norm is 1."""
        sizes = abs(self.x)
        norms = {"l1": sizes.sum, "l2": sizes.norm, "max": sizes.max}[self.estimator.norm]()
        return self.x / (norms < _SMALLEST_NORM).where(norms.constant(1), norms)


class AboveThreshold(Expressed):
    """A Binarizer."""

    def transform(self) -> Value:
        """Write 1 for what is above the threshold, else 0."""
        return (self.x > float(self.estimator.threshold)).cast(self.compute)


class CentredKernel(Expressed):
    """A KernelCenterer: kernels as if the points had been centred in feature space."""

    def transform(self) -> Value:
        """Write the centred kernel, [batch, training rows]."""
        rows = np.asarray(self.estimator.K_fit_rows_)
        return self.x - rows - self.x.sum() / len(rows) + float(self.estimator.K_fit_all_)
