"""Train the pipeline of this folder: how far a car of the seventies goes on a gallon, from words, numbers and missing numbers.

    python examples/tabular/train.py     writes pipeline.skops, train.csv and held-out.csv beside this file

The table is `cars` of the package vega_datasets (406 cars, R. Quinlan's Auto MPG). Needs lightgbm, scikit-learn, skops and vega_datasets.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import skops.io
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from vega_datasets import local_data

FOLDER = Path(__file__).parent
TARGET = "miles_per_gallon"


def table() -> pd.DataFrame:
    """Return the cars with lower-case columns; the name's first word is the brand."""
    cars = local_data.cars().dropna(subset="Miles_per_Gallon")
    cars.columns = cars.columns.str.lower()
    return cars.assign(brand=cars["name"].str.split().str[0], year=cars["year"].dt.year).drop(columns="name")


def pipeline() -> Pipeline:
    """Return the pipeline, not fitted."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (numbers, ["displacement", "horsepower", "weight_in_lbs", "acceleration"]),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), ["brand", "origin"]),
        ("passthrough", ["cylinders", "year"]),
    )
    return make_pipeline(columns, LGBMRegressor(n_estimators=80, num_leaves=8, min_child_samples=8, random_state=0, verbose=-1))


def main() -> None:
    """Train, save, and say how good it is."""
    train, held_out = train_test_split(table(), test_size=0.25, random_state=0)
    fitted = pipeline().fit(train.drop(columns=TARGET), train[TARGET])
    error = (fitted.predict(held_out.drop(columns=TARGET)) - held_out[TARGET]).abs().mean()
    print(f"{len(train)} cars to train, {len(held_out)} held out: off by {error:.2f} miles per gallon")
    skops.io.dump(fitted, FOLDER / "pipeline.skops")
    train.to_csv(FOLDER / "train.csv", index=False)
    held_out.to_csv(FOLDER / "held-out.csv", index=False)


if __name__ == "__main__":
    main()
