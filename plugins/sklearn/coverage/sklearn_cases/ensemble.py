"""Voting and stacking."""

from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from sklearn_cases.case import cases

_CLASSIFIERS = [("linear", LogisticRegression()), ("bayes", GaussianNB()), ("trees", RandomForestClassifier(5, random_state=0))]
_REGRESSORS = [
    ("linear", Ridge()),
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
    ("boosted", HistGradientBoostingRegressor(max_iter=9)),
]
_SCORED = [("scores", LinearSVC()), ("trees", RandomForestClassifier(5, random_state=0)), ("nothing", "drop")]

CASES = (
    *(
        case
        for table in ("words", "cancer")
        for case in cases(
            VotingClassifier,
            {"voting": "soft", "weights": [1, 2, 3]},
            {"voting": "soft", "flatten_transform": False},
            {"estimators": _SCORED},
            table=table,
            estimators=_CLASSIFIERS,
        )
    ),
    *cases(VotingRegressor, {"weights": [1, 2, 3]}, {"estimators": _REGRESSORS[:2]}, table="diabetes", estimators=_REGRESSORS),
    *(
        case
        for table in ("words", "cancer")
        for case in cases(
            StackingClassifier,
            {"passthrough": True},
            {"stack_method": "predict", "final_estimator": RandomForestClassifier(5, random_state=0)},
            {"estimators": _SCORED, "cv": 3},
            table=table,
            estimators=_CLASSIFIERS,
        )
    ),
    *cases(
        StackingClassifier,
        {"final_estimator": RandomForestClassifier(5, random_state=0)},
        table="labels",
        estimators=_CLASSIFIERS[2:],
        final_estimator=RandomForestClassifier(9, random_state=0),
    ),
    *cases(
        StackingRegressor, {"passthrough": True}, {"final_estimator": DecisionTreeRegressor(max_depth=3)}, table="diabetes", estimators=_REGRESSORS
    ),
)
