"""A line that only rises."""

from sklearn.isotonic import IsotonicRegression

from sklearn_cases.case import cases

CASES = tuple(
    cases(
        IsotonicRegression,
        {"out_of_bounds": "clip"},
        {"out_of_bounds": "raise"},
        {"increasing": False},
        {"y_min": 0.5, "y_max": 2.0, "out_of_bounds": "clip"},
        table="line",
    )
)
