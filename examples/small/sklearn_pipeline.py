"""Train a small scikit-learn pipeline over text and number columns and write it as a .skops file: python sklearn_pipeline.py FILE."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def main(path: str) -> None:
    """Fit on 300 made-up journeys and write the pipeline to `path`."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"town": rng.choice(["Basel", "Bern", "Chur"], 300), "km": rng.gamma(2.0, 30.0, 300), "hour": rng.uniform(0, 24, 300)})
    late = (table["km"] > 60) ^ (table["town"] == "Chur")
    columns = ColumnTransformer([("town", OneHotEncoder(handle_unknown="ignore"), ["town"]), ("numbers", StandardScaler(), ["km", "hour"])])
    skops.io.dump(Pipeline([("columns", columns), ("classifier", LogisticRegression())]).fit(table, np.where(late, "late", "early")), path)


if __name__ == "__main__":
    main(sys.argv[1])
