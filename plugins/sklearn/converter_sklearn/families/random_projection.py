"""Random projections."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense


class Projected(Expressed):
    """Columns times a random matrix."""

    def transform(self) -> Value:
        """Write the projection, [batch, components]."""
        return affine(self.x, dense(self.estimator.components_).T)

    def inverse_transform(self) -> Value:
        """Write the columns that have this projection."""
        inverse = getattr(self.estimator, "inverse_components_", None)
        return affine(self.x, (np.linalg.pinv(dense(self.estimator.components_)) if inverse is None else dense(inverse)).T)


WRITERS: Mapping[type, type[Writer]] = dict.fromkeys((GaussianRandomProjection, SparseRandomProjection), Projected)
