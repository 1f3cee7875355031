"""Train a small CatBoost regressor with a column of categories and write its model file: python catboost_regressor.py FILE."""

from __future__ import annotations

import sys

import catboost
import numpy as np
import pandas as pd


def main(path: str) -> None:
    """Fit 30 trees on 500 made-up flats and write the model to `path`, with the texts of the categories, which need the table."""
    rng = np.random.default_rng(0)
    flats = pd.DataFrame({"town": rng.choice(["Basel", "Bern", "Chur"], 500), "area": rng.gamma(9.0, 8.0, 500), "floor": rng.integers(0, 9, 500)})
    rent = flats["area"] * np.where(flats["town"] == "Chur", 14, 22) + 30 * flats["floor"] + rng.normal(0, 50, 500)
    table = catboost.Pool(flats, rent, cat_features=["town"])
    settings = {"iterations": 30, "depth": 4, "random_seed": 0, "thread_count": 1, "allow_writing_files": False, "verbose": False}
    catboost.CatBoostRegressor(**settings).fit(table).save_model(path, format="json", pool=table)


if __name__ == "__main__":
    main(sys.argv[1])
