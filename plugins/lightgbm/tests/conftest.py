"""Models of LightGBM, and the skip where it is not installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.testing import skip_where_missing
from converter_lightgbm.plugin import LightGBM

pytest_pycollect_makemodule = skip_where_missing(LightGBM())
SETTINGS = {"n_estimators": 12, "num_leaves": 8, "verbose": -1, "n_jobs": 1, "random_state": 0}


@pytest.fixture(scope="session")
def cancer() -> tuple[Any, Any]:
    """The breast cancer table: a DataFrame of 30 numbers, and a target of two words."""
    from sklearn.datasets import load_breast_cancer

    table, target = load_breast_cancer(return_X_y=True, as_frame=True)
    return table, np.array(["malignant", "benign"], object)[target]


@pytest.fixture(scope="session")
def classifier(cancer: tuple[Any, Any]) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(**SETTINGS).fit(*cancer)


@pytest.fixture(scope="session")
def wine() -> Any:
    """A classifier of three classes, whole numbers."""
    from lightgbm import LGBMClassifier
    from sklearn.datasets import load_wine

    return LGBMClassifier(**SETTINGS).fit(*load_wine(return_X_y=True))


@pytest.fixture(scope="session")
def regressor() -> Any:
    from lightgbm import LGBMRegressor
    from sklearn.datasets import load_diabetes

    return LGBMRegressor(**SETTINGS).fit(*load_diabetes(return_X_y=True))


@pytest.fixture(scope="session")
def mixed() -> Any:
    """A classifier of one categorical feature, one number with missing values, and one constant column."""
    from lightgbm import LGBMClassifier

    rng = np.random.default_rng(3)
    kinds, size = rng.integers(0, 12, 800), rng.normal(size=800)
    target = np.isin(kinds, [1, 4, 7]) ^ (size > 0.2)
    rows = np.stack([kinds, np.where(rng.random(800) < 0.1, np.nan, size), np.ones(800)], axis=-1)
    return LGBMClassifier(**SETTINGS).fit(rows, target, categorical_feature=[0])


@pytest.fixture(scope="session")
def telling() -> tuple[np.ndarray, np.ndarray]:
    """A table of everything at once: 70 categories, 5 categories, a number with missing values, one with many zeros, seconds since 1970; four kinds."""
    rng = np.random.default_rng(0)
    many, few = rng.integers(0, 70, 600), rng.integers(0, 5, 600)
    holes = np.where(rng.random(600) < 0.1, np.nan, rng.normal(size=600))
    zeros = np.where(rng.random(600) < 0.4, 0, rng.normal(size=600))
    seconds = 1.7e9 + rng.integers(0, 100_000, 600)
    kinds = np.isin(many, [1, 4, 7, 33, 65]) + 1 * (zeros > 0.3) + (np.nan_to_num(holes) > 0) * (seconds % 3 > 1)
    return np.stack([many, few, holes, zeros, seconds], axis=-1), kinds


@pytest.fixture
def run_graph(tmp_path: Path) -> Callable[..., Mapping[str, np.ndarray]]:
    """Return a function that writes a loaded model's graph and gives its answers to feeds."""
    import onnxruntime

    from converter.plugin import ExportRequest

    def run(model: Any, feeds: Mapping[str, np.ndarray], exporter: str = "direct") -> Mapping[str, np.ndarray]:
        path = tmp_path / f"{exporter}.onnx"
        next(each for each in model.exporters if each.name == exporter).write(ExportRequest(path))
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return dict(zip([each.name for each in session.get_outputs()], session.run(None, dict(feeds)), strict=True))

    return run
