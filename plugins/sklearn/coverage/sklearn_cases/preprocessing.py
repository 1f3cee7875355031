"""Scales, codes and powers of columns."""

import numpy as np
from scipy.special import expit
from sklearn import preprocessing

from sklearn_cases.case import cases


def ratios(table: np.ndarray) -> np.ndarray:
    """Columns beside ratios of them, and what is out of range cut off."""
    shares = table / (1 + np.abs(table).sum(axis=1, keepdims=True))
    waves = np.column_stack([np.sin(table[:, 0]), np.cos(table[:, 1])])
    found: np.ndarray = np.hstack([np.clip(table, -1, 1), shares[:, ::2], waves, np.where(table[:, 1:3] > 0, table[:, 1:3] ** 2, -1.0)])
    return found


_NUMBERS = {
    preprocessing.Binarizer: ({"threshold": 0.7}, {"threshold": -1}),
    preprocessing.KBinsDiscretizer: (
        {"encode": "ordinal"},
        {"encode": "onehot-dense", "strategy": "uniform", "n_bins": 3},
        {"strategy": "kmeans", "encode": "ordinal", "n_bins": 30},
        {"strategy": "kmeans", "dtype": np.float32},
    ),
    preprocessing.MaxAbsScaler: ({"copy": False},),
    preprocessing.MinMaxScaler: ({"feature_range": (-3, 7)}, {"clip": True}),
    preprocessing.Normalizer: ({"norm": "l1"}, {"norm": "max"}),
    preprocessing.PolynomialFeatures: (
        {"degree": 3},
        {"interaction_only": True, "degree": 4},
        {"degree": (2, 3), "include_bias": False},
        {"degree": 0},
        {"degree": (3, 3), "interaction_only": True},
    ),
    preprocessing.PowerTransformer: ({"standardize": False},),
    preprocessing.QuantileTransformer: (
        {"output_distribution": "normal"},
        {"n_quantiles": 10},
        {"n_quantiles": 10, "output_distribution": "normal"},
        {"n_quantiles": 1},
    ),
    preprocessing.RobustScaler: ({"with_centering": False}, {"with_scaling": False}, {"quantile_range": (5, 95), "unit_variance": True}),
    preprocessing.SplineTransformer: (
        {"extrapolation": "linear", "degree": 2, "include_bias": False},
        {"extrapolation": "continue", "knots": "quantile"},
        {"extrapolation": "periodic", "n_knots": 7},
        {"extrapolation": "linear", "degree": 1},
        {"extrapolation": "linear", "degree": 0},
        {"extrapolation": "continue", "degree": 5, "n_knots": 20},
        {"handle_missing": "zeros", "sparse_output": True},
    ),
    preprocessing.StandardScaler: ({"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}),
}
_CATEGORIES = {
    preprocessing.OneHotEncoder: (
        {"drop": "first"},
        {"drop": "if_binary", "handle_unknown": "ignore"},
        {"handle_unknown": "ignore", "sparse_output": False, "dtype": np.int64},
        {"handle_unknown": "infrequent_if_exist", "min_frequency": 20},
        {"handle_unknown": "infrequent_if_exist", "max_categories": 5, "drop": "first"},
        {"handle_unknown": "ignore", "min_frequency": 0.05},
        {"handle_unknown": "warn", "max_categories": 2},
    ),
    preprocessing.OrdinalEncoder: (
        {"handle_unknown": "use_encoded_value", "unknown_value": -7},
        {"handle_unknown": "use_encoded_value", "unknown_value": np.nan, "encoded_missing_value": -1},
        {"handle_unknown": "use_encoded_value", "unknown_value": 99, "max_categories": 4},
        {"min_frequency": 20, "dtype": np.float32},
    ),
}

CASES = (
    *(case for kind, settings in _NUMBERS.items() for table in ("wine", "skewed") for case in cases(kind, *settings, table=table)),
    *(
        case
        for kind in (preprocessing.StandardScaler, preprocessing.MinMaxScaler, preprocessing.QuantileTransformer)
        for case in cases(kind, table="holes")
    ),
    *cases(preprocessing.PowerTransformer, {"standardize": False}, method="box-cox", table="positive"),
    *cases(preprocessing.SplineTransformer, {"extrapolation": "continue"}, {"extrapolation": "linear"}, handle_missing="zeros", table="holes"),
    *cases(preprocessing.SplineTransformer, extrapolation="error", table="categories"),
    *cases(preprocessing.KernelCenterer, table="kernels"),
    *(
        case
        for kind, settings in _CATEGORIES.items()
        for table in ("categories", "texts", "missing categories", "missing texts", "mixed")
        for case in cases(kind, *settings, table=table)
    ),
    *(
        case
        for table, several in {"categories": False, "texts": True, "missing categories": False, "missing texts": False, "mixed": False}.items()
        for case in cases(preprocessing.TargetEncoder, {"smooth": 9.0}, *([{"target_type": "continuous"}] if not several else []), table=table)
    ),
    *cases(
        preprocessing.FunctionTransformer,
        {"func": np.exp},
        {"func": ratios},
        {"func": np.clip, "kw_args": {"a_min": -1, "a_max": None}},
        {"func": np.arcsinh, "validate": True},
    ),
    *cases(preprocessing.FunctionTransformer, {"func": expit}, {"func": np.log1p}, table="positive"),
)
