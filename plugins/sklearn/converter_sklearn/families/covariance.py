"""Covariances that tell outliers."""

from __future__ import annotations

from collections.abc import Mapping

from sklearn.covariance import EllipticEnvelope

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Inside, dense


class Envelope(Inside):
    """An outlier detector by the Mahalanobis distance from the middle."""

    def score_samples(self) -> Value:
        """Write the scores: the opposite of the squared distance."""
        apart = self.x - dense(self.estimator.location_)
        return -(apart @ dense(self.estimator.get_precision()) * apart).sum(keep=False)


WRITERS: Mapping[type, type[Writer]] = {EllipticEnvelope: Envelope}
