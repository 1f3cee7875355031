"""Estimators that stay as they are."""

from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_cases.case import TABLES, cases

_WINE = TABLES["wine"]()

CASES = tuple(
    cases(
        FrozenEstimator,
        {"estimator": DecisionTreeClassifier(random_state=0).fit(_WINE.rows, _WINE.target)},
        {"estimator": make_pipeline(StandardScaler()).fit(_WINE.rows)},
        estimator=LogisticRegression().fit(_WINE.rows, _WINE.target),
    )
)
