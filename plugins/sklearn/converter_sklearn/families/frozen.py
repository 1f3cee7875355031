"""Estimators that stay as they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Delegating


class Frozen(Delegating):
    """An estimator that no fit changes."""

    @property
    def inner(self) -> Writer:
        """The writer of the estimator inside."""
        return self.part(self.estimator.estimator)


WRITERS: Mapping[type, type[Writer]] = {}
if importlib.util.find_spec("sklearn.frozen"):  # since scikit-learn 1.6
    from sklearn.frozen import FrozenEstimator

    WRITERS = {FrozenEstimator: Frozen}
