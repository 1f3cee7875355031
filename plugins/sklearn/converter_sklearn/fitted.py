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
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from converter.plugin import Domain
from converter_sklearn.columns import Column, merged, of_categories, of_codes
from converter_sklearn.estimators import writer_of
from converter_sklearn.text import is_text, text_column
from converter_sklearn.thresholds import thresholds_of
from converter_sklearn.trees.splits import Splits, splits_of

_NESTED = ("best_estimator_", "estimator_", "base_estimator_", "regressor_")
_ROWS = ("_fit_X", "X_train_", "X_fit_", "support_vectors_", "_BaseLibSVM__Xfit")
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
    head = head_of(estimator)
    if writer_of(head) is None or isinstance(head, ColumnTransformer | FeatureUnion):  # whose parts tell of their own columns
        return found
    nan, infinite = _takes_nan(estimator), _takes_infinity(head)
    columns = {place: _with_strange(column, nan=nan, infinite=infinite) for place, column in found.columns.items()}
    return replace(found, columns=columns)


def known_rows(estimator: Any, width: int) -> np.ndarray | None:
    """Return the training rows, [rows, columns] float64, that a model holds to compare its input with; None where it holds none."""
    part = head_of(estimator)
    while part is not None:
        found = (_array(part, name, width) for name in _ROWS)
        if (rows := next((each for each in found if each is not None and each.ndim == 2), None)) is not None:
            return rows
        part = _inner(part)
    return None


def _takes_nan(part: Any) -> bool:
    """Whether missing numbers may come: of a pipeline to each step until one fills them in."""
    if isinstance(part, Pipeline):
        steps = [step for _, step in part.steps if not _is_nothing(step)]
        filling = next((place for place, step in enumerate(steps) if type(step).__module__.startswith("sklearn.impute.")), len(steps))
        return all(map(_takes_nan, steps[: filling + 1]))
    if hasattr(part, "best_estimator_"):
        return _takes_nan(part.best_estimator_)
    return _says(part, "allow_nan", "allow_nan")


def _takes_infinity(core: Any) -> bool:
    """Whether it looks at its columns without being afraid of infinities; bagging leaves that to its members."""
    if isinstance(core, BaggingClassifier | BaggingRegressor):
        return all(map(_takes_infinity, core.estimators_))
    takes = (HistGradientBoostingClassifier, HistGradientBoostingRegressor, *([IsolationForest] if hasattr(core, "__sklearn_tags__") else []))
    return isinstance(core, takes)  # isolation forests since scikit-learn 1.6


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
    if not column.dtype.startswith("float") or column.encoded:  # whose categories tell whether they may be missing
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
    """Return columns some of whose values are missing, marked as the imputer knows it."""
    marker = imputer.missing_values
    is_number = isinstance(marker, int | float)
    nan = is_number and bool(np.isnan(marker))
    column = Column("", domain=Domain(nan=nan), thresholds=np.array([float(marker)] if is_number and not nan else []))
    texts = [isinstance(each, str) for each in getattr(imputer, "statistics_", [0.0] * width)]
    return [Column("", "string") if text else column for text in texts]


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
    if splines := getattr(part, "bsplines_", None):
        low, high = part.degree, -part.degree - 1
        return np.array([each.t[low] for each in splines]), np.array([each.t[high] for each in splines])
    if isinstance(part, IsotonicRegression):
        margin = 0 if part.out_of_bounds == "raise" else (part.X_max_ - part.X_min_) / 8
        return np.array([part.X_min_ - margin]), np.array([part.X_max_ + margin])
    names = ("components_",) if hasattr(part, "component_indices_") else _POINTS
    points = next((array for name in names if (array := _array(part, name, width)) is not None), None)
    return (points.min(0), points.max(0)) if points is not None and points.ndim == 2 else None


def _array(part: Any, name: str, width: int) -> np.ndarray | None:
    found = getattr(part, name, None)
    usable = isinstance(found, np.ndarray) and found.dtype.kind == "f" and found.size and found.shape[-1] == width and np.isfinite(found).all()
    return np.asarray(found, np.float64) if usable else None


def _wants_positive(part: Any) -> bool:
    is_told = _says(part, "positive_only", "requires_positive_X")
    return is_told or getattr(part, "method", "") == "box-cox" or hasattr(part, "skewedness") or hasattr(part, "sublinear_tf")


def _says(part: Any, tag: str, before: str) -> bool:
    """Return what an estimator says of its input by a tag, which had another name `before` scikit-learn 1.6."""
    if hasattr(part, "__sklearn_tags__"):
        return bool(getattr(part.__sklearn_tags__().input_tags, tag))
    return bool(part._get_tags().get(before, False)) if hasattr(part, "_get_tags") else False


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
