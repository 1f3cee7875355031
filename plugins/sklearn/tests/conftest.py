"""Models and tables of scikit-learn, and the skip where it is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.testing import skip_where_missing
from converter_sklearn.plugin import Sklearn

pytest_pycollect_makemodule = skip_where_missing(Sklearn())
sys.path.append(str(Path(__file__).parents[1] / "coverage"))


@pytest.fixture(scope="session")
def people() -> Any:
    """A table of strings and numbers, with missing numbers, and a target."""
    import pandas as pd

    rng = np.random.default_rng(7)
    rows = 240
    age = rng.integers(18, 80, rows)
    fare = np.round(rng.gamma(2.0, 30.0, rows), 2)
    table = pd.DataFrame(
        {
            "age": age,
            "fare": np.where(rng.random(rows) < 0.1, np.nan, fare),
            "sex": rng.choice(["female", "male"], rows),
            "port": rng.choice(["Cherbourg", "Queenstown", "Southampton"], rows),
            "class": rng.integers(1, 4, rows),
            "remark": rng.choice(["late", "early", "lost ticket"], rows),
            "member": rng.random(rows) < 0.5,
        }
    )
    table["survived"] = np.where((fare > 55) ^ (table["sex"] == "female") ^ (age > 60), "yes", "no")
    return table


@pytest.fixture(scope="session")
def pipeline(people: Any) -> Any:
    """The usual pipeline: numbers imputed and scaled, texts and classes one-hot encoded, the remark dropped."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", numbers, ["age", "fare"]), ("categories", categories, ["sex", "port", "class"])])
    return make_pipeline(columns, LogisticRegression()).fit(people.drop(columns="survived"), people["survived"])


@pytest.fixture(scope="session")
def cancer() -> tuple[Any, Any]:
    """The breast cancer table: a DataFrame of 30 numbers, and a target of 0 and 1."""
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True, as_frame=True)


@pytest.fixture(scope="session")
def forest(cancer: tuple[Any, Any]) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(20, max_depth=6, random_state=0).fit(*cancer)


@pytest.fixture
def files(tmp_path: Path) -> Any:
    """A function that saves an estimator in a form and returns the path."""
    import pickle

    import joblib
    import skops.io

    def save(estimator: Any, form: str) -> Path:
        path = tmp_path / f"model.{form.partition(' ')[0]}"
        if form == "skops":
            skops.io.dump(estimator, path)
        elif form in {"pkl", "pickle"}:
            path.write_bytes(pickle.dumps(estimator, 2 if form == "pickle" else 5))
        else:
            joblib.dump(estimator, path, compress=3 if form.endswith("compressed") else 0)
        return path

    return save
