"""Estimators in a row, and side by side."""

from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_cases.case import cases

CASES = (
    *cases(
        Pipeline,
        {"steps": [("scale", StandardScaler()), ("nothing", "passthrough"), ("trees", RandomForestClassifier(5, random_state=0))]},
        {"steps": [("inner", Pipeline([("scale", MinMaxScaler())])), ("nothing", None)]},
        steps=[("scale", StandardScaler()), ("model", LogisticRegression())],
    ),
    *cases(
        FeatureUnion,
        {"transformer_weights": {"scale": 0.5}},
        {"transformer_list": [("dropped", "drop"), ("as it is", "passthrough"), ("less", PCA(2))]},
        transformer_list=[("scale", StandardScaler()), ("range", MinMaxScaler())],
    ),
)
