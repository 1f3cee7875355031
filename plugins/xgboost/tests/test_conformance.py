"""The tests that every plugin passes."""

from __future__ import annotations

import pickle
from pathlib import Path

from converter.testing import FrameworkConformance
from converter_xgboost.plugin import XGBoost

SETTINGS = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}


def document(folder: Path) -> Path:
    from sklearn.datasets import load_diabetes
    from xgboost import XGBRegressor

    path = folder / "booster.json"
    XGBRegressor(**SETTINGS).fit(*load_diabetes(return_X_y=True)).save_model(path)
    return path


def pickled(folder: Path) -> Path:
    from sklearn.datasets import load_wine
    from xgboost import XGBClassifier

    path = folder / "classifier.pkl"
    path.write_bytes(pickle.dumps(XGBClassifier(**SETTINGS).fit(*load_wine(return_X_y=True))))
    return path


class TestXGBoost(FrameworkConformance):
    framework = XGBoost()
    sources = (document, pickled)
