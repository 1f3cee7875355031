"""Models of XGBoost, and the skip where it is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.testing import skip_where_missing
from converter_xgboost.plugin import XGBoost

pytest_pycollect_makemodule = skip_where_missing(XGBoost())
SETTINGS = {"n_estimators": 12, "max_depth": 3, "n_jobs": 1, "random_state": 0}


@pytest.fixture(scope="session")
def cancer() -> tuple[Any, Any]:
    """The breast cancer table: a DataFrame of 30 numbers, and a target of 0 and 1."""
    from sklearn.datasets import load_breast_cancer

    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    return table, target


@pytest.fixture(scope="session")
def classifier(cancer: tuple[Any, Any]) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(**SETTINGS).fit(*cancer)


@pytest.fixture(scope="session")
def wine() -> Any:
    """A classifier of three classes."""
    from sklearn.datasets import load_wine
    from xgboost import XGBClassifier

    return XGBClassifier(**SETTINGS).fit(*load_wine(return_X_y=True))


@pytest.fixture(scope="session")
def regressor() -> Any:
    from sklearn.datasets import load_diabetes
    from xgboost import XGBRegressor

    return XGBRegressor(**SETTINGS).fit(*load_diabetes(return_X_y=True))


@pytest.fixture(scope="session")
def mixed() -> Any:
    """A classifier of one categorical feature, one number with missing values, and one constant column."""
    from xgboost import XGBClassifier

    rng = np.random.default_rng(3)
    kinds, size = rng.integers(0, 12, 800), rng.normal(size=800)
    target = np.isin(kinds, [1, 4, 7]) ^ (size > 0.2)
    rows = np.stack([kinds, np.where(rng.random(800) < 0.1, np.nan, size), np.ones(800)], axis=-1)
    settings = SETTINGS | {"enable_categorical": True, "feature_types": ["c", "q", "q"], "max_cat_to_onehot": 1}
    return XGBClassifier(**settings).fit(rows, target.astype(int))


@pytest.fixture(scope="session")
def linear() -> Any:
    """A linear classifier of three classes."""
    from sklearn.datasets import load_wine
    from xgboost import XGBClassifier

    rows, kinds = load_wine(return_X_y=True)
    return XGBClassifier(booster="gblinear", n_estimators=4, n_jobs=1).fit(rows / rows.max(axis=0), kinds)
