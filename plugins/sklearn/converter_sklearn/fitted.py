"""What the fitted parts of a model tell about its input columns: an encoder its categories, a scaler its range, trees their thresholds.

Only the parts that see the input as it comes are asked: a pipeline's first steps, the parts of a ColumnTransformer, the best of a search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline

from converter.plugin import Domain
from converter_sklearn.columns import Column, merged, of_categories, of_codes
from converter_sklearn.estimators import writer_of
from converter_sklearn.text import is_text, text_column
from converter_sklearn.thresholds import thresholds_of
from converter_sklearn.trees.splits import Splits, splits_of

_NESTED = ("best_estimator_", "estimator_", "regressor_")
_ROWS = ("_fit_X", "X_train_", "X_fit_", "support_vectors_")
_POINTS = (*_ROWS, "cluster_centers_", "centroids_", "means_", "theta_")
_SPREADS = 3.0  # on each side of a mean


@dataclass
class Known:
    """What is known about `width` columns: each by its place, and the splits of the trees that read all of them as they come."""

    width: int
    columns: dict[int, Column] = field(default_factory=dict)
    splits: Splits | None = None


def head_of(estimator: Any) -> Any:
    """Return the part that sees the input first."""
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if not _is_nothing(step)]
        return head_of(steps[0]) if steps else estimator
    return head_of(estimator.best_estimator_) if hasattr(estimator, "best_estimator_") else estimator


def used_places(estimator: Any) -> set[int] | None:
    """Return the places of the columns that a leading ColumnTransformer does not drop; None where there is none."""
    head = head_of(estimator)
    if not isinstance(head, ColumnTransformer):
        return None
    return {place for name, part, _ in head.transformers_ if part != "drop" for place in _places(head, name)}


def known_of(estimator: Any, width: int) -> Known:
    """Return what fitted parts know about their columns; `width` is the number of columns."""
    found = Known(width)
    _visit(estimator, range(width), found)
    core = head_of(estimator)
    if writer_of(core) is None:
        return found
    nan, infinite = _takes_nan(core), _takes_infinity(core)
    columns = {place: _with_strange(column, nan=nan, infinite=infinite) for place, column in found.columns.items()}
    return replace(found, columns=columns)


def known_rows(estimator: Any, width: int) -> np.ndarray | None:
    """Return the training rows, [rows, columns] float64, that a model holds to compare its input with; None where it holds none."""
    head = head_of(estimator)
    found = (_array(head, name, width) for name in _ROWS)
    return next((rows for rows in found if rows is not None and rows.ndim == 2), None)


def _takes_nan(core: Any) -> bool:
    return bool(core.__sklearn_tags__().input_tags.allow_nan) if hasattr(core, "__sklearn_tags__") else False


def _takes_infinity(core: Any) -> bool:
    """Whether it looks at its columns without being afraid of infinities; bagging leaves that to its members."""
    if isinstance(core, BaggingClassifier | BaggingRegressor):
        return all(map(_takes_infinity, core.estimators_))
    return isinstance(core, HistGradientBoostingClassifier | HistGradientBoostingRegressor | IsolationForest)


def _visit(part: Any, places: Sequence[int], found: Known) -> None:
    if isinstance(part, Pipeline):
        for step in (step for _, step in part.steps if not _is_nothing(step)):
            _visit(step, places, found)
            if not _keeps_columns(step):
                return
    elif isinstance(part, ColumnTransformer):
        for name, each, _ in part.transformers_:
            if each not in ("drop", "passthrough"):
                _visit(each, [places[place] for place in _places(part, name)], found)
    elif is_text(part):
        found.columns[places[0]] = text_column(part)
    elif isinstance(part, FeatureUnion):
        for _, each in part.transformer_list:
            _visit(each, places, found)
    else:
        splits = splits_of(part, len(places))
        if len(places) == found.width and found.splits is None:
            found.splits = splits
        described = _described(part, splits, len(places))
        for place, column in zip(places, described, strict=False):
            found.columns[place] = merged(found.columns[place], column) if place in found.columns else column
        if not described and (inner := _inner(part)) is not None:
            _visit(inner, places, found)


def _with_strange(column: Column, *, nan: bool, infinite: bool) -> Column:
    if not column.dtype.startswith("float"):
        return column
    return replace(column, domain=replace(column.domain, nan=nan), infinite=infinite and not column.domain.values)


def _described(part: Any, splits: Splits | None, width: int) -> list[Column]:
    """Return what one part, with its splits, says about each of its columns; [] where it says nothing."""
    if isinstance(categories := getattr(part, "categories_", None), list):
        unknown = getattr(part, "handle_unknown", "ignore") != "error"
        return [of_categories(each, unknown=unknown) for each in categories]
    if hasattr(part, "missing_values") and hasattr(part, "add_indicator"):
        return _imputed(part, width)
    if isinstance(counts := getattr(part, "n_categories_", None), np.ndarray):
        return [Column("", domain=Domain(values=tuple(map(float, range(count))))) for count in counts]
    if (thresholds := thresholds_of(part, splits, width)) is not None:
        return [_of_splits(part, place, each) for place, each in enumerate(thresholds)]
    if (bounds := _bounds(part, width)) is not None:
        return [Column("", domain=Domain(float(low), float(high))) for low, high in zip(*bounds, strict=True)]
    return [Column("", domain=Domain(0.0, 10.0))] * width if _wants_positive(part) else []


def _imputed(imputer: Any, width: int) -> list[Column]:
    nan = isinstance(imputer.missing_values, float) and bool(np.isnan(imputer.missing_values))
    texts = [isinstance(each, str) for each in getattr(imputer, "statistics_", [0.0] * width)]
    return [Column("", "string") if text else Column("", domain=Domain(nan=nan)) for text in texts]


def _of_splits(part: Any, place: int, thresholds: np.ndarray) -> Column:
    if getattr(part, "is_categorical_", None) is not None and part.is_categorical_[place]:
        encoder = part._preprocessor.named_transformers_["encoder"]
        return of_codes(encoder.categories_[int(np.count_nonzero(part.is_categorical_[:place]))])
    return Column("", domain=_domain_around(thresholds), thresholds=thresholds)


def _domain_around(thresholds: np.ndarray) -> Domain:
    if not len(thresholds):
        return Domain()
    low, high = float(thresholds.min()), float(thresholds.max())
    margin = (high - low) / 8 or max(abs(low), 1.0)
    return Domain(low - margin, high + margin)


def _bounds(part: Any, width: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the lowest and highest usual value of each column, where statistics or training rows tell."""
    centre = next((array for name in ("mean_", "center_") if (array := _array(part, name, width)) is not None), None)
    spread = _array(part, "scale_", width)
    if centre is not None and spread is not None:
        return centre - _SPREADS * spread, centre + _SPREADS * spread
    lowest, highest = _array(part, "data_min_", width), _array(part, "data_max_", width)
    if lowest is not None and highest is not None:
        return lowest, highest
    if (extent := _array(part, "max_abs_", width)) is not None:
        return -extent, extent
    points = next((array for name in _POINTS if (array := _array(part, name, width)) is not None), None)
    return (points.min(0), points.max(0)) if points is not None and points.ndim == 2 else None


def _array(part: Any, name: str, width: int) -> np.ndarray | None:
    found = getattr(part, name, None)
    usable = isinstance(found, np.ndarray) and found.dtype.kind == "f" and found.size and found.shape[-1] == width and np.isfinite(found).all()
    return np.asarray(found, np.float64) if usable else None


def _wants_positive(part: Any) -> bool:
    if not hasattr(part, "__sklearn_tags__"):
        return False
    return bool(part.__sklearn_tags__().input_tags.positive_only)


def _inner(part: Any) -> Any:
    """Return the estimator that a composed one gives its rows to as they come, the first of several; None where there is none."""
    for name in _NESTED:
        if hasattr(inner := getattr(part, name, None), "fit"):
            return inner
    several = getattr(part, "estimators_", getattr(part, "calibrated_classifiers_", None))
    first = several[0] if isinstance(several, list) and several else part
    inner = getattr(first, "estimator", first)
    return inner if inner is not part and hasattr(inner, "fit") else None


def _keeps_columns(step: Any) -> bool:
    if not isinstance(step, SimpleImputer) or step.add_indicator:
        return False
    return not any(isinstance(each, float) and np.isnan(each) for each in step.statistics_)  # NaN: a column without values, which it drops


def _places(transformer: ColumnTransformer, name: str) -> list[int]:
    return [int(place) for place in transformer._transformer_to_input_indices[name]]


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")
