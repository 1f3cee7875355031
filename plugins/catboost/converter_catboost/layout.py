"""How a graph's inputs and the rows that a model takes belong together.

Numbers are one input, a matrix [batch, numbers]; each categorical feature that the trees ask for is an input [batch, 1] of texts or whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter.plugin import Axis, Domain, Input, LoadRequest, MissingInputs, UnreadableSource, evaluate
from converter.trees import Column
from converter_catboost.categories import Category, Encoding, TooMany, encoding_of, unnamed
from converter_catboost.columns import columns_of
from converter_catboost.ensemble import Splits, splits_of
from converter_catboost.loading import Loaded
from converter_catboost.model_blob import ModelBlob
from converter_catboost.texts import categories_of_model

MATRIX = "features"
UNKNOWN = 1 / 10  # of the categories are none that the model knows
_TAKEN = (MATRIX, "label", "probabilities", "prediction", "raw", "leaves")


@dataclass(frozen=True, eq=False)
class Layout:
    """The inputs: the matrix of numbers first, where there are any, then one for each category that is asked for.

    `columns` are those of the matrix; `places` are where its numbers and then the categories lie in a row of `width` values.
    """

    inputs: tuple[Input, ...]
    axes: Mapping[str, Axis]
    columns: tuple[Column, ...]
    places: tuple[int, ...]
    width: int
    splits: Splits
    dtype: str
    encoding: Encoding | None = None

    @property
    def categories(self) -> tuple[tuple[Input, Category], ...]:
        """The inputs of categories with what is known of each."""
        if self.encoding is None:
            return ()
        asked = [self.encoding.categories[each] for each in self.encoding.asked]
        return tuple(zip(self.inputs[len(self.inputs) - len(asked) :], asked, strict=True))

    @property
    def matrix(self) -> Input | None:
        """The input of numbers, None where the model takes none."""
        return self.inputs[0] if self.columns else None

    def sample(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, np.ndarray[Any, Any]]:
        """Return random feeds."""
        count = evaluate(self.inputs[0].dims[0], sizes)
        feeds = {each.name: _draw(rng, count, each, category).reshape(-1, 1) for each, category in self.categories}
        if self.matrix is not None:
            columns = [column.draw(rng, count, np.dtype(np.float32)) for column in self.columns]  # as CatBoost rounds what it compares
            feeds[self.matrix.name] = np.stack(columns, axis=-1).astype(self.matrix.dtype)
        return feeds

    def rows(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """Return the feeds as CatBoost takes them: a matrix of floats, or one of objects where there are categories."""
        if self.encoding is None:
            return feeds[self.inputs[0].name]
        rows = np.full((len(feeds[self.inputs[0].name]), self.width), "", object)
        blocks = [feeds[each.name] if each.dtype in _FLOATS else np.frompyfunc(str, 1, 1)(feeds[each.name]) for each in self.inputs]
        rows[:, list(self.places)] = np.concatenate(blocks, axis=1, dtype=object)
        return rows


_FLOATS = ("float32", "float64")


def layout_of(loaded: Loaded, request: LoadRequest) -> Layout:
    """Return the inputs of a model.

    Raises UnreadableSource for a model of texts or embeddings, or of more combinations of categories than a graph can hold, and MissingInputs where
    given inputs or the table do not fit, or where nothing tells the texts of the categories.
    """
    blob, name = loaded.blob, request.source.name
    _check_kinds(blob, name)
    dtype = str(request.options.get("dtype", "float32"))
    columns = columns_of(blob)
    names = _names(tuple(str(each) for each in loaded.model.feature_names_), request)
    if not blob.others["categorical"]:
        matrix = _given(request.inputs, len(columns), dtype) if request.inputs else _matrix(columns, names, dtype)
        axes = request.axes if request.inputs else {"batch": Axis()}
        return Layout((matrix,), axes, columns, tuple(range(len(columns))), len(columns), splits_of(blob), matrix.dtype)
    if request.inputs:
        raise MissingInputs(f"{name} takes categories, whose inputs cannot be given", hint="leave --input out; --data train.csv shows the columns")
    encoding = _encoding(loaded, names, request)
    numbers = tuple(columns[place] for place in encoding.numbers)
    asked = [encoding.categories[each] for each in encoding.asked]
    inputs = [_matrix(numbers, tuple(names[place] for place in encoding.numbers), dtype)] if numbers else []
    inputs += [_category(each, names[each.place], request) for each in asked]
    places = (*encoding.numbers, *(each.place for each in asked))
    return Layout(tuple(inputs), {"batch": Axis()}, numbers, places, len(columns), encoding.splits, dtype, encoding)


def _check_kinds(blob: ModelBlob, name: str) -> None:
    for kind in ("text", "embedding"):
        if places := blob.others[kind]:
            columns = ", ".join(str(place) for place in places[:5])
            raise UnreadableSource(f"{name} takes {kind} features (columns {columns}), {_REASONS[kind]}", hint=_HINTS[kind])


_REASONS = {
    "text": "which it cuts into words by rules that ONNX cannot express",
    "embedding": "which it projects by a function that it does not show",
}
_HINTS = {
    "text": "make numbers of the texts before the model, as with a TfidfVectorizer in a Pipeline, and train on those",
    "embedding": "train on the vectors' numbers as features of their own",
}


def _encoding(loaded: Loaded, names: Sequence[str], request: LoadRequest) -> Encoding:
    document, categories = categories_of_model(loaded, names, request)
    for place, lost in unnamed(loaded.blob, document, categories).items():
        message = f"{lost} categories of the column '{names[place]}' are known to {request.source.name} by their hashes alone"
        raise MissingInputs(message, hint="give the whole table that it was trained on: --data train.csv")
    try:
        return encoding_of(loaded.blob, document, categories)
    except TooMany as error:
        hint = "train it with max_ctr_complexity=1, or with a larger one_hot_max_size"
        raise UnreadableSource(f"{request.source.name} cannot be written as tables: {error}", hint=hint) from error


def _matrix(columns: Sequence[Column], names: tuple[str, ...], dtype: str) -> Input:
    domain = Domain(min(column.low for column in columns), max(column.high for column in columns), nan=True)
    return Input(MATRIX, dtype, ("batch", len(columns)), domain, names)


def _category(category: Category, name: str, request: LoadRequest) -> Input:
    """An input of whole numbers where the table has such, else of texts."""
    whole = request.columns is not None and request.columns[name].dtype.kind in "iu"
    values = tuple(int(text) for text in category.texts if _is_whole(text)) if whole else category.texts
    label = f"{name}.category" if name in _TAKEN else name
    return Input(label, "int64" if whole else "string", ("batch", 1), Domain(values=values), (name,))


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _draw(rng: np.random.Generator, count: int, wanted: Input, category: Category) -> np.ndarray[Any, Any]:
    """Return random categories: each known one in turn, and some that the model does not know."""
    whole = wanted.dtype == "int64"
    known = np.array(wanted.domain.values, np.int64 if whole else object)
    strange: np.ndarray[Any, Any] = np.array([-7, 987_654_321, 123_456_789] if whole else ["", "?", "no such category"], known.dtype)
    strange = strange[~np.isin(strange.astype(str), np.array(category.texts, str))]
    chosen = known[rng.permutation(np.arange(count) % max(len(known), 1))] if len(known) else rng.choice(strange, count)
    return np.where(rng.random(count) < UNKNOWN, rng.choice(strange, count), chosen) if len(strange) else chosen


def _given(inputs: Sequence[Input], width: int, dtype: str) -> Input:
    wanted = f"--input 'features:{dtype}[batch,{width}]'"
    if len(inputs) != 1 or inputs[0].dims[1:] != (width,):
        shown = ", ".join(f"{each.name}{list(each.dims)}" for each in inputs)
        raise MissingInputs(f"the model takes one matrix of {width} features, not {shown}", hint=wanted)
    if inputs[0].dtype not in _FLOATS:
        raise MissingInputs(f"the model takes floats, not {inputs[0].dtype}", hint=wanted)
    return inputs[0]


def _names(names: tuple[str, ...], request: LoadRequest) -> tuple[str, ...]:
    """Return the table columns of the features: their own names, or a table's in its order where the model knows no names."""
    table = request.columns
    if table is None or all(name in table for name in names):
        return names
    if all(name == str(place) for place, name in enumerate(names)) and len(table) == len(names):
        return tuple(table)
    missing = next(name for name in names if name not in table)
    hint = f"its columns: {', '.join(table)}; leave the target out where the model knows no names"
    raise MissingInputs(f"the table lacks the column '{missing}' of the {len(names)} that {request.source.name} takes", hint=hint)
