"""One column of the matrix that a model takes, and random values for it: on its thresholds, beside them, missing, of unknown category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter_lightgbm.model_text import MISSING_NAN, MISSING_ZERO, ModelText

BESIDE = 0.5  # of the values of a column with thresholds lie on or beside one
MISSING = 0.1  # of the values of a column that knows missing values
MARGIN = 1 / 8  # of the range that values may lie outside it
ZERO = float(np.float32(1e-35))  # LightGBM reads values up to here as 0 (kZeroThreshold), and puts its thresholds beside 0 there


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its range, or its categories, and the float64 thresholds that it is compared with."""

    low: float = -1.0
    high: float = 1.0
    categories: tuple[int, ...] = ()
    thresholds: tuple[float, ...] = ()
    nan: bool = False
    zero: bool = False  # zero counts as missing

    def draw(self, rng: np.random.Generator, rows: int, dtype: np.dtype) -> np.ndarray:
        """Return random values, [rows]."""
        if self.categories:
            unseen = (max(self.categories) + 1, max(self.categories) + 40, -1)
            values = rng.choice(np.array([*self.categories, *self.categories, *unseen]), rows).astype(dtype)
        else:
            margin = (self.high - self.low) * MARGIN
            values = rng.uniform(self.low - margin, self.high + margin, rows).astype(dtype)
        if self.thresholds:
            values = np.where(rng.random(rows) < BESIDE, self._beside(rng, rows, dtype), values)
        if self.zero:
            values = np.where(rng.random(rows) < MISSING, dtype.type(0), values)
        if self.nan:
            values = np.where(rng.random(rows) < MISSING, dtype.type(np.nan), values)
        return values

    def _beside(self, rng: np.random.Generator, rows: int, dtype: np.dtype) -> np.ndarray:
        at = rng.choice(np.array(self.thresholds), rows).astype(dtype)
        steps = rng.integers(-1, 2, rows)
        beside = np.where(steps == 0, at, np.nextafter(at, np.where(steps > 0, np.inf, -np.inf).astype(dtype)))
        return np.where(np.abs(beside) <= ZERO, dtype.type(0), beside)


def columns_of(model: ModelText) -> tuple[Column, ...]:
    """Return a model's columns, in order: the range or the categories that it was trained on, and its thresholds."""
    splits = model.splits
    columns = []
    for place, info in enumerate(model.header["feature_infos"].split(" ")):
        mine = splits.features == place
        thresholds = tuple(np.unique(splits.thresholds[mine & ~splits.categorical]).tolist())
        missing = set(splits.missing[mine].tolist())
        nan, zero = bool(missing & {MISSING_NAN, MISSING_ZERO}), MISSING_ZERO in missing
        if info.startswith("["):
            low, high = (float(bound) for bound in info.strip("[]").split(":"))
            columns.append(Column(low, high, (), thresholds, nan, zero))
        elif info == "none":
            columns.append(Column(thresholds=thresholds, nan=nan, zero=zero))
        else:
            columns.append(Column(categories=tuple(sorted(int(value) for value in info.split(":"))), nan=nan, zero=zero))
    return tuple(columns)
