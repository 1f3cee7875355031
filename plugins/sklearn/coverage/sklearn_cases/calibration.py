"""Classifiers whose probabilities were calibrated."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from sklearn_cases.case import cases

_FOREST = {"estimator": RandomForestClassifier(5, random_state=0), "ensemble": False}

CASES = tuple(
    case
    for table in ("words", "cancer")
    for case in cases(
        CalibratedClassifierCV,
        {"method": "isotonic"},
        {"method": "temperature"},
        {"method": "temperature", "estimator": GaussianNB()},
        {"estimator": GaussianNB(), "cv": 3},
        _FOREST,
        table=table,
        estimator=LinearSVC(),
    )
)
