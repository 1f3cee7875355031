"""How a graph's inputs and the table that an estimator takes belong together.

Columns of one kind are one input, a matrix [batch, columns]; a mixture, or a ColumnTransformer that picks by name, has an input [batch, 1] for each column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import FeatureUnion

from converter.plugin import Domain, Input, LoadRequest, MissingInputs, evaluate
from converter_sklearn.columns import Column, merged, of_values
from converter_sklearn.fitted import Known, head_of, known_of, known_rows, used_places
from converter_sklearn.sampling import lead
from converter_sklearn.text import is_text, text_column
from converter_sklearn.trees.splits import Splits

BATCH = "batch"
KNOWN = 1 / 3  # of the rows are training rows, where the estimator holds them
WAYS = "--data train.csv shows them, or --input 'features:float32[batch,4]' names them"


@dataclass(frozen=True, eq=False)
class Layout:
    """The inputs, and the columns that each of them holds. `framed` where the estimator wants a DataFrame with names.

    `rows`, [rows, columns] float64, are training rows that the estimator holds, where the only input is a matrix of floats.
    `splits` are those of its trees, where the inputs are their columns in order.
    """

    inputs: tuple[Input, ...]
    blocks: tuple[tuple[Column, ...], ...]
    framed: bool
    rows: np.ndarray | None = None
    splits: Splits | None = None

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """Return random feeds, column by column; most rows come to a split where there are trees, a third are training rows where such are held."""
        feeds = {}
        for each, columns in zip(self.inputs, self.blocks, strict=True):
            shape = tuple(evaluate(dim, sizes) for dim in each.dims)
            feeds[each.name] = np.stack([column.draw(rng, shape[0]) for column in columns], -1).reshape(shape)
        if self.rows is not None:
            (matrix,) = feeds.values()
            known = rng.random(len(matrix)) < KNOWN
            matrix[known] = rng.choice(self.rows, int(known.sum()))
        if self.splits is not None:
            infinite = any(column.infinite for columns in self.blocks for column in columns)
            lead(self.splits, [array.reshape(len(array), -1) for array in feeds.values()], rng, infinite=infinite)
        return feeds

    def table(self, feeds: Mapping[str, np.ndarray], floats: type[np.floating]) -> Any:
        """Return the feeds as the estimator takes them, floats in the given dtype: a DataFrame, a matrix, or a list of texts."""
        arrays = [_in_floats(feeds[each.name], floats) for each in self.inputs]
        if len(arrays) == 1 and arrays[0].ndim == 1:
            return arrays[0]
        wide = [array.reshape(len(array), -1) for array in arrays]
        if self.framed:
            pairs = [(column, array[:, place]) for columns, array in zip(self.blocks, wide, strict=True) for place, column in enumerate(columns)]
            return pd.DataFrame({column.name: values.astype(object) if column.boxed else values for column, values in pairs})
        kinds = {array.dtype for array in wide}
        return np.concatenate(wide if len(kinds) == 1 else [array.astype(object) for array in wide], axis=1)


def layout_of(estimator: Any, request: LoadRequest) -> Layout:
    """Return the inputs of an estimator: those that the request gives, else those of its table, else those that the fitted parts show.

    Raises MissingInputs where nothing shows them, and where the request and the estimator do not fit.
    """
    names = names_of(estimator)
    width = len(names) or _width(estimator)
    if request.inputs:
        return _given(request.inputs, names, known_of(estimator, width) if width else Known(0), width)
    if is_text(head_of(estimator)) and not width:
        return _alone(text_column(head_of(estimator)))
    if request.columns is not None:
        names, width = _table_names(request.columns, names, width, request.source.name)
    if not width:
        raise MissingInputs(f"{request.source.name} does not tell which columns it takes", hint=WAYS)
    known = known_of(estimator, width)
    layout = _arranged(_columns(estimator, known, names, request.columns), estimator, framed=bool(names_of(estimator)))
    return layout if sum(map(len, layout.blocks)) != width else replace(layout, splits=known.splits)


def in_double(layout: Layout) -> Layout:
    """Return a layout whose floats are float64."""
    inputs = tuple(replace(each, dtype="float64") if each.dtype == "float32" else each for each in layout.inputs)
    blocks = tuple(tuple(replace(column, dtype="float64") if column.dtype == "float32" else column for column in block) for block in layout.blocks)
    return replace(layout, inputs=inputs, blocks=blocks)


def names_of(estimator: Any) -> list[str]:
    """Return the names of the columns that an estimator was fitted on, in its order; [] where it knows none."""
    for part in (estimator, head_of(estimator)):
        if (found := getattr(part, "feature_names_in_", None)) is not None:
            return [str(name) for name in found]
    return []


def _width(estimator: Any) -> int:
    parts = [estimator, head := head_of(estimator)]
    if isinstance(head, FeatureUnion):  # which asks the first of its transformers, and that may be none
        parts += [each for _, each in head.transformer_list]
    return next((int(found) for part in parts if (found := _columns_of(part))), 0)


def _columns_of(part: Any) -> int:
    """Return how many columns a part takes, 0 if it does not say; a support vector machine whose kernel is a function holds its training rows."""
    if isinstance(part, IsotonicRegression):
        return 1
    rows = getattr(part, "_BaseLibSVM__Xfit", None)
    return getattr(part, "n_features_in_", 0) if rows is None else rows.shape[1]


def _table_names(table: Mapping[str, np.ndarray], names: list[str], width: int, source: str) -> tuple[list[str], int]:
    """Return the table's columns that the estimator takes, in its order, and their number."""
    if missing := [name for name in names if name not in table]:
        raise MissingInputs(f"the table lacks the column '{missing[0]}', which {source} was fitted on", hint=f"its columns: {', '.join(table)}")
    if not names and width not in {0, len(table)}:
        raise MissingInputs(f"the table has {len(table)} columns, {source} takes {width}", hint="leave the target and other columns out of the table")
    return names or list(table), width or len(table)


def _columns(estimator: Any, known: Known, names: list[str], table: Mapping[str, np.ndarray] | None) -> list[Column]:
    used = used_places(estimator) if names else None
    columns = []
    for place in range(known.width):
        if used is not None and place not in used:
            continue  # dropped by the model, so that a graph needs no such input
        name = names[place] if names else f"x{place}"
        column = known.columns.get(place, Column())
        if table is not None:
            column = _with_table(column, of_values(name, table[name]))
        columns.append(replace(column, name=name))
    return columns


def _with_table(known: Column, seen: Column) -> Column:
    """Return a column as the table shows it; categories that an encoder holds stay, since it may refuse others."""
    return known if known.encoded else replace(merged(seen, known), dtype=seen.dtype)


def _arranged(columns: Sequence[Column], estimator: Any, *, framed: bool) -> Layout:
    by_name = framed and isinstance(head_of(estimator), ColumnTransformer)
    if not by_name and all(column.numeric for column in columns):
        floats = [replace(column, dtype="float32") for column in columns]
        return replace(_matrix(floats, framed=framed), rows=known_rows(estimator, len(columns)))
    if not by_name and len({column.dtype for column in columns}) == 1:
        return _matrix(columns, framed=framed)
    return _one_by_one(columns, framed=framed)


def _matrix(columns: Sequence[Column], *, framed: bool) -> Layout:
    lows = [column.domain.low for column in columns]
    highs = [column.domain.high for column in columns]
    low = None if None in lows else min(each for each in lows if each is not None)
    high = None if None in highs else max(each for each in highs if each is not None)
    domain = Domain(low, high, nan=any(column.domain.nan for column in columns))
    names = tuple(column.name for column in columns)
    return Layout((Input("features", columns[0].dtype, (BATCH, len(columns)), domain, names),), (tuple(columns),), framed)


def _one_by_one(columns: Sequence[Column], *, framed: bool) -> Layout:
    inputs = tuple(Input(column.name, column.dtype, (BATCH, 1), column.domain, (column.name,)) for column in columns)
    return Layout(inputs, tuple((column,) for column in columns), framed)


def _alone(column: Column) -> Layout:
    return Layout((Input(column.name, column.dtype, (BATCH,), column.domain),), ((column,),), framed=False)


def _given(inputs: tuple[Input, ...], names: list[str], known: Known, width: int) -> Layout:
    """Lay out the inputs of the request: by name where they are the model's columns, else in its order."""
    for each in inputs:
        if not 1 <= len(each.dims) <= 2 or not all(isinstance(dim, int) for dim in each.dims[1:]):
            hint = "dims are the rows and a number of columns: [batch,4], [batch,1], or [batch] for texts"
            raise MissingInputs(f"input '{each.name}' has dims {list(each.dims)}, which is no table", hint=hint)
    widths = [int(each.dims[1]) if len(each.dims) == 2 else 1 for each in inputs]
    by_name = bool(names) and all(each.name in names for each in inputs)
    if width and not by_name and sum(widths) != width:
        raise MissingInputs(f"the inputs have {sum(widths)} columns, the model takes {width}", hint=f"--input 'features:float32[batch,{width}]'")
    starts = np.cumsum([0, *widths])
    blocks = []
    for each, count, start in zip(inputs, widths, starts, strict=False):
        first = names.index(each.name) if by_name else int(start)
        blocks.append(
            tuple(_given_column(each, names[place] if names else each.name, known.columns.get(place)) for place in range(first, first + count))
        )
    return Layout(inputs, tuple(blocks), framed=bool(names), splits=known.splits if len(inputs) == 1 and sum(widths) == width else None)


def _given_column(given: Input, name: str, known: Column | None) -> Column:
    if known is None:
        return Column(name, given.dtype, given.domain)
    is_told = given.domain != Domain() or given.dtype.strip("0123456789") != known.dtype.strip("0123456789")
    thresholds = known.thresholds if given.dtype != "string" else np.empty(0)
    return Column(name, given.dtype, given.domain if is_told else known.domain, known.encoded, thresholds, infinite=known.infinite and not is_told)


def _in_floats(array: np.ndarray, floats: type[np.floating]) -> np.ndarray:
    return array.astype(floats) if array.dtype.kind == "f" else array
