"""Baselines that look at no column."""

from sklearn.dummy import DummyClassifier, DummyRegressor

from sklearn_cases.case import cases

CASES = (
    *cases(DummyClassifier, {"strategy": "most_frequent"}, {"strategy": "constant", "constant": "white"}, table="words"),
    *cases(DummyClassifier, {"strategy": "most_frequent"}, {"strategy": "constant", "constant": 0}, table="cancer"),
    *cases(DummyClassifier, {"strategy": "most_frequent"}, {"strategy": "constant", "constant": [1, 0, 1]}, table="labels"),
    *cases(
        DummyRegressor, {"strategy": "median"}, {"strategy": "quantile", "quantile": 0.9}, {"strategy": "constant", "constant": 3}, table="diabetes"
    ),
    *cases(DummyRegressor, {"strategy": "median"}, {"strategy": "constant", "constant": [1.0, 2.0, 3.0]}, table="linnerud"),
)
