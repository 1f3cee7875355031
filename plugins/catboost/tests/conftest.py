"""Models of CatBoost, and the skip where it is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.testing import skip_where_missing
from converter_catboost.plugin import CatBoostFramework

pytest_pycollect_makemodule = skip_where_missing(CatBoostFramework())
SETTINGS: dict[str, Any] = {"iterations": 20, "depth": 4, "thread_count": 1, "random_seed": 0, "allow_writing_files": False, "verbose": False}


@pytest.fixture(scope="session")
def cancer() -> tuple[Any, Any]:
    """The breast cancer table: a DataFrame of 30 numbers, and a target of two words."""
    from sklearn.datasets import load_breast_cancer

    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    return table, np.array(["malignant", "benign"], object)[target]


@pytest.fixture(scope="session")
def classifier(cancer: tuple[Any, Any]) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(**SETTINGS).fit(*cancer)


@pytest.fixture(scope="session")
def wine() -> Any:
    """A classifier of three classes, whole numbers."""
    from catboost import CatBoostClassifier
    from sklearn.datasets import load_wine

    return CatBoostClassifier(**SETTINGS).fit(*load_wine(return_X_y=True))


@pytest.fixture(scope="session")
def regressor() -> Any:
    from catboost import CatBoostRegressor
    from sklearn.datasets import load_diabetes

    return CatBoostRegressor(**SETTINGS).fit(*load_diabetes(return_X_y=True))


@pytest.fixture(scope="session")
def lopsided() -> Any:
    """A classifier whose trees are not symmetric, trained with missing values that lie above all others."""
    from catboost import CatBoostClassifier
    from sklearn.datasets import load_wine

    rows, kinds = load_wine(return_X_y=True)
    rows[np.random.default_rng(0).random(rows.shape) < 0.1] = np.nan
    return CatBoostClassifier(grow_policy="Lossguide", max_leaves=12, nan_mode="Max", **SETTINGS).fit(rows, kinds)
