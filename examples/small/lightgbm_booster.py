"""Train a small LightGBM classifier and write it as a text model: python lightgbm_booster.py FILE."""

from __future__ import annotations

import sys

import lightgbm
import numpy as np


def main(path: str) -> None:
    """Fit 30 trees on 500 made-up rows, some values missing, and write the booster to `path`."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 6))
    classes = np.digitize(rows[:, 0] + rows[:, 1] ** 2, [0.3, 1.5])
    rows[rng.random(rows.shape) < 0.05] = np.nan
    settings = {"objective": "multiclass", "num_class": 3, "num_leaves": 15, "verbose": -1, "deterministic": True, "num_threads": 1}
    lightgbm.train(settings, lightgbm.Dataset(rows, classes), 30).save_model(path)


if __name__ == "__main__":
    main(sys.argv[1])
