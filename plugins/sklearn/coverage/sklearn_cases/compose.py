"""Transformers of some of the columns, and a regressor of a transformed target."""

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler

from sklearn_cases.case import cases

_SCALED = [("scaled", StandardScaler(), [0, 2]), ("range", MinMaxScaler(), slice(3, 6))]

CASES = (
    *cases(
        ColumnTransformer,
        {"remainder": "passthrough"},
        {"transformers": [("as it is", "passthrough", [1]), ("none", "drop", [0])], "remainder": StandardScaler()},
        transformers=_SCALED,
    ),
    *cases(
        TransformedTargetRegressor,
        {"func": np.log1p, "inverse_func": np.expm1},
        {"transformer": StandardScaler(), "regressor": Ridge(9.0)},
        {"transformer": QuantileTransformer(n_quantiles=50), "regressor": LinearRegression()},
        table="diabetes",
    ),
    *cases(TransformedTargetRegressor, {"transformer": StandardScaler()}, table="linnerud"),
)
