"""The tests that every plugin passes."""

from __future__ import annotations

from pathlib import Path

from converter.testing import FrameworkConformance
from converter_lightgbm.plugin import LightGBM


def booster(folder: Path) -> Path:
    from lightgbm import LGBMRegressor
    from sklearn.datasets import load_diabetes

    path = folder / "booster.txt"
    LGBMRegressor(n_estimators=5, verbose=-1, n_jobs=1).fit(*load_diabetes(return_X_y=True)).booster_.save_model(path)
    return path


class TestLightGBM(FrameworkConformance):
    framework = LightGBM()
    sources = (booster,)
