"""The tests that every plugin passes."""

from __future__ import annotations

from pathlib import Path

from converter.testing import FrameworkConformance
from converter_catboost.plugin import CatBoostFramework


def binary(folder: Path) -> Path:
    from catboost import CatBoostRegressor
    from sklearn.datasets import load_diabetes

    path = folder / "model.cbm"
    model = CatBoostRegressor(iterations=5, thread_count=1, allow_writing_files=False, verbose=False)
    model.fit(*load_diabetes(return_X_y=True)).save_model(str(path))
    return path


class TestCatBoost(FrameworkConformance):
    framework = CatBoostFramework()
    sources = (binary,)
