"""Missing values filled in."""

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer importable
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklearn_cases.case import cases

CASES = (
    *cases(
        SimpleImputer,
        {"strategy": "median", "add_indicator": True},
        {"strategy": "most_frequent"},
        {"strategy": "constant", "fill_value": -1.5},
        {"strategy": np.nanmax},
        table="holes",
    ),
    *cases(SimpleImputer, {"strategy": "most_frequent", "add_indicator": True}, missing_values=-4, table="categories"),
    *cases(
        SimpleImputer, {"keep_empty_features": True}, {"keep_empty_features": True, "strategy": "constant"}, {"add_indicator": True}, table="empty"
    ),
    *cases(
        SimpleImputer, {"strategy": "constant"}, {"strategy": "constant", "fill_value": "nothing"}, strategy="most_frequent", table="missing texts"
    ),
    *cases(SimpleImputer, {"strategy": "constant", "fill_value": "nothing"}, strategy="most_frequent", missing_values="ü-4", table="texts"),
    *cases(MissingIndicator, {"features": "all"}, {"error_on_new": False, "sparse": True}, table="holes"),
    *cases(MissingIndicator, {"features": "all"}, table="mixed"),
    *cases(MissingIndicator, {"features": "all"}, missing_values=0, table="categories"),
    *cases(KNNImputer, {"weights": "distance", "n_neighbors": 3}, {"add_indicator": True, "n_neighbors": 500}, table="holes"),
    *cases(KNNImputer, {"keep_empty_features": True, "weights": "distance"}, {"add_indicator": True}, table="empty"),
    *cases(
        IterativeImputer,
        {"imputation_order": "descending", "max_iter": 3, "min_value": -1, "max_value": [1, 2] * 6 + [0.5]},
        {"imputation_order": "random", "initial_strategy": "median", "skip_complete": True},
        {"imputation_order": "arabic", "n_nearest_features": 4, "add_indicator": True},
        {"estimator": Ridge(), "imputation_order": "roman", "tol": 0.1},
        {"estimator": DecisionTreeRegressor(max_depth=4), "max_iter": 2},
        {"estimator": ExtraTreesRegressor(5), "max_iter": 1, "initial_strategy": "most_frequent"},
        {"estimator": make_pipeline(StandardScaler(), KNeighborsRegressor()), "max_iter": 1},
        {"max_iter": 0},
        random_state=0,
        table="holes",
    ),
    *cases(IterativeImputer, {"keep_empty_features": True}, {"keep_empty_features": True, "add_indicator": True, "max_value": 0.3}, table="empty"),
)
