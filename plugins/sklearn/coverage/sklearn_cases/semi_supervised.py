"""Classifiers that were fitted to rows of which some had no label."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from sklearn_cases.case import cases

_KERNELS = ({"kernel": "knn"}, {"kernel": "knn", "n_neighbors": 3}, {"gamma": 0.1})

CASES = (
    *(case for kind in (LabelPropagation, LabelSpreading) for table in ("wine", "cancer") for case in cases(kind, *_KERNELS, table=table)),
    *cases(SelfTrainingClassifier, {"threshold": 0.9}, {"criterion": "k_best"}, table="wine", estimator=LogisticRegression()),
    *cases(SelfTrainingClassifier, estimator=RandomForestClassifier(5, random_state=0)),
    *cases(SelfTrainingClassifier, estimator=Perceptron()),
)
