"""Covariances that tell outliers."""

from sklearn.covariance import EllipticEnvelope

from sklearn_cases.case import cases

CASES = (*cases(EllipticEnvelope, {"contamination": 0.3}, {"assume_centered": True}, {"store_precision": False}, random_state=0),)
