"""Train a small XGBoost classifier and write its model file: python xgboost_classifier.py FILE."""

from __future__ import annotations

import sys

import numpy as np
import xgboost


def main(path: str) -> None:
    """Fit 30 trees on 500 made-up rows, some values missing, and write the model to `path`."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 6))
    classes = (rows[:, 0] * rows[:, 1] > 0.2).astype(int)
    rows[rng.random(rows.shape) < 0.05] = np.nan
    xgboost.XGBClassifier(n_estimators=30, max_depth=4, n_jobs=1).fit(rows, classes).save_model(path)


if __name__ == "__main__":
    main(sys.argv[1])
