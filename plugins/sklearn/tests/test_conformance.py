"""The tests that every plugin passes."""

from __future__ import annotations

import pickle
from pathlib import Path

from converter.testing import FrameworkConformance
from converter_sklearn.plugin import Sklearn


def forest(folder: Path) -> Path:
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier

    path = folder / "forest.pkl"
    path.write_bytes(pickle.dumps(RandomForestClassifier(5, max_depth=3, random_state=0).fit(*load_breast_cancer(return_X_y=True))))
    return path


class TestSklearn(FrameworkConformance):
    framework = Sklearn()
    sources = (forest,)
