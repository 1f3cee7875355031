"""Categories without their hashes: what CatBoost looks up by the hash of a text, a graph looks up by the text's number among those that are known.

    text ─▶ code: its place among the known texts, or the place behind them ─┐
    number > border ─▶ 0 or 1 ───────────────────────────────────────────────┴▶ row of a table ─▶ columns that trees compare with borders

A table is filled by CatBoost's own arithmetic: a one-hot feature is a column of 0 and 1 for each value that a split names; a target statistic is what
its counts give, in float32, for every combination of known texts and bits; an unknown text finds nothing, and has the value of no rows.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter_catboost.counts import Counts
from converter_catboost.ensemble import Splits, splits_of, width_of
from converter_catboost.model_blob import ModelBlob

LARGEST = 1 << 22  # rows of a table
_MULTIPLIER = np.uint64(0x4906BA494954CB65)
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Category:
    """A categorical column: its place, the texts that are known and CatBoost's hashes of them, int32 [texts]."""

    place: int
    texts: tuple[str, ...]
    hashes: Array

    @property
    def size(self) -> int:
        """How many codes there are: one more than texts, for those that are not known."""
        return len(self.texts) + 1


@dataclass(frozen=True)
class Bit:
    """A number compared with a border, as a part of a combination; `place` is its column in the matrix of numbers."""

    place: int
    border: float
    nan_is_high: bool


@dataclass(frozen=True, eq=False)
class Lookup:
    """A table, float32 [rows, columns], and what makes the row's number: codes of categories, then bits, the last one counting ones."""

    categories: tuple[int, ...]
    bits: tuple[Bit, ...]
    values: Array


@dataclass(frozen=True, eq=False)
class Encoding:
    """How a model's categories become columns: behind the numbers, whose places in a row are `numbers`, lie the tables' columns."""

    numbers: tuple[int, ...]
    categories: tuple[Category, ...]
    lookups: tuple[Lookup, ...]
    splits: Splits

    @property
    def asked(self) -> tuple[int, ...]:
        """Which categories the tables ask for, by their place among `categories`."""
        return tuple(sorted({each for lookup in self.lookups for each in lookup.categories}))


class TooMany(ValueError):
    """A target statistic has more combinations than a graph can hold."""


def encoding_of(blob: ModelBlob, document: Mapping[str, Any], categories: Sequence[Category]) -> Encoding:
    """Return the encoding of a model whose JSON form is `document`; raises TooMany where a table would have more rows than LARGEST."""
    others = {each.place for each in categories}
    numbers = tuple(place for place in range(width_of(blob)) if place not in others)
    info, numeric = document["features_info"], splits_of(blob)
    values = [each.get("values", []) for each in info["categorical_features"]]
    one_hot = [Lookup((index,), (), _one_hot(categories[index], asked)) for index, asked in enumerate(values) if asked]
    statistics = info.get("ctrs", [])
    groups = _by_projection(statistics)
    tables = [_table([(statistics[number], blob.counts[number]) for number in group], blob, numbers, categories) for group in groups]
    ones = sum(map(len, values))
    column_of = dict(zip([number for group in groups for number in group], itertools.count(len(numbers) + ones), strict=False))
    asked_columns = [column_of[number] for number, each in enumerate(statistics) for _ in each["borders"]]
    splits = Splits(
        width=len(numbers) + ones + len(statistics),
        columns=np.concatenate([np.searchsorted(numbers, numeric.columns), np.arange(ones) + len(numbers), np.array(asked_columns, np.int64)]),
        borders=np.concatenate([numeric.borders, np.full(ones, 0.5), *(np.array(each["borders"], np.float64) for each in statistics)]),
        nan_is_high=np.concatenate([numeric.nan_is_high, np.zeros(ones + len(asked_columns), bool)]),
    )
    return Encoding(numbers, tuple(categories), (*one_hot, *tables), splits)


def categories_of(blob: ModelBlob, document: Mapping[str, Any]) -> tuple[Category, ...]:
    """Return the categorical columns of a model whose JSON form holds texts with their hashes: of each the texts that can matter to the model there."""
    info = document["features_info"]
    known = {str(each["value"]): int(each["hash"]) for each in info.get("cat_features_hash", [])}
    texts = sorted(known)
    hashes = np.array([known[text] for text in texts], np.int64).astype(np.uint32).astype(np.int32)
    found = []
    for index, feature in enumerate(info["categorical_features"]):
        everything = Category(int(feature["flat_feature_index"]), tuple(texts), hashes)
        mine = np.nonzero(_matters(index, everything, blob, document))[0]
        found.append(Category(everything.place, tuple(texts[each] for each in mine), hashes[mine]))
    return tuple(found)


def _matters(index: int, category: Category, blob: ModelBlob, document: Mapping[str, Any]) -> Array:
    """Whether the model may tell each text of a column from an unknown one, [texts]: it is a one-hot value, or was there in training."""
    info = document["features_info"]
    named = np.isin(category.hashes, info["categorical_features"][index].get("values", []))
    parts = [each["elements"] for each in info.get("ctrs", []) if _has_value(each["elements"], index)]
    statistics = enumerate(info.get("ctrs", []))
    alone = [number for number, each in statistics if len(each["elements"]) == 1 and _has_value(each["elements"], index)]
    if not parts:
        return named
    if not alone:
        return np.ones(len(category.texts), bool)
    found: Array = named | np.isin(_folded(np.uint64(0), _keys(category)[:-1]), blob.counts[alone[0]].keys)
    return found


def _has_value(elements: Sequence[Mapping[str, Any]], index: int) -> bool:
    return any(each["combination_element"] == "cat_feature_value" and each["cat_feature_index"] == index for each in elements)


def unnamed(blob: ModelBlob, document: Mapping[str, Any], categories: Sequence[Category]) -> dict[int, int]:
    """Return for each place how many categories the model knows there whose text is not among the known ones, where that can be told."""
    info = document["features_info"]
    lost: dict[int, set[int]] = {}
    for category, feature in zip(categories, info["categorical_features"], strict=True):
        lost.setdefault(category.place, set()).update({*feature.get("values", [])} - {*category.hashes.tolist()})
    for statistic, counts in zip(info.get("ctrs", []), blob.counts, strict=True):
        if len(statistic["elements"]) == 1:
            category = categories[statistic["elements"][0]["cat_feature_index"]]
            known = _folded(np.uint64(0), _keys(category)[:-1])
            lost[category.place].update(np.setdiff1d(counts.keys, known).tolist())
    return {place: len(keys) for place, keys in lost.items() if keys}


def _one_hot(category: Category, asked: Sequence[int]) -> Array:
    """[codes, values]; 1 where the code's hash is the value."""
    return np.concatenate([category.hashes[:, None] == np.array(asked), np.zeros((1, len(asked)))]).astype(np.float32)


def _by_projection(statistics: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the numbers of the statistics that look the same combination up, group by group."""
    groups: dict[str, list[int]] = {}
    for number, each in enumerate(statistics):
        groups.setdefault(json.dumps(each["elements"]), []).append(number)
    return list(groups.values())


def _table(group: Sequence[tuple[Mapping[str, Any], Counts]], blob: ModelBlob, numbers: Sequence[int], categories: Sequence[Category]) -> Lookup:
    """Return the table of the statistics of one combination, each with its counts."""
    elements = sorted(group[0][0]["elements"], key=lambda each: _ORDER.index(each["combination_element"]))  # as CatBoost folds their hashes
    named = [each for each in elements if each["combination_element"] != "float_feature"]
    compared = [each for each in elements if each["combination_element"] == "float_feature"]
    keys = [_element_keys(each, categories) for each in elements]
    if (rows := math.prod(len(each) for each in keys)) > LARGEST:
        raise TooMany(f"a target statistic of {len(named)} categorical features has {rows} combinations")
    hashes = _folded(np.uint64(0), *keys)
    axes = [elements.index(each) for each in (*named, *compared)]
    rows_of = hashes.transpose(axes).reshape(-1)
    values = np.stack([_values(each, counts, rows_of) for each, counts in group], axis=-1)
    return Lookup(tuple(int(each["cat_feature_index"]) for each in named), tuple(_bit(each, blob, numbers) for each in compared), values)


_ORDER = ("cat_feature_value", "float_feature", "cat_feature_exact_value")


def _element_keys(element: Mapping[str, Any], categories: Sequence[Category]) -> Array:
    """What an element of a combination adds to the hash, uint64, for each code or for a bit."""
    if element["combination_element"] == "float_feature":
        return np.arange(2, dtype=np.uint64)
    category = categories[element["cat_feature_index"]]
    if element["combination_element"] == "cat_feature_exact_value":
        return np.append(category.hashes == element["value"], False).astype(np.uint64)
    return _keys(category)


def _keys(category: Category) -> Array:
    """The texts' hashes as CatBoost widens them, uint64, and one that no text has for those that are not known."""
    return np.append(category.hashes, np.int32(0)).astype(np.int64).astype(np.uint64) + np.append(np.zeros(len(category.texts), np.uint64), _NOBODY)


_NOBODY = np.uint64(1 << 40)


def _folded(first: np.uint64, *keys: Array) -> Array:
    """Return the hashes of all combinations, an axis for each part."""
    found: Array = np.asarray(first)
    for axis, each in enumerate(keys):
        with np.errstate(over="ignore"):
            found = _MULTIPLIER * (found + _MULTIPLIER * each.reshape(-1, *[1] * (len(keys) - 1 - axis)))
    return found


def _bit(element: Mapping[str, Any], blob: ModelBlob, numbers: Sequence[int]) -> Bit:
    feature = blob.floats[element["float_feature_index"]]
    return Bit(numbers.index(feature.place), float(np.float32(element["border"])), feature.nan_is_high)


def _values(statistic: Mapping[str, Any], counts: Counts, hashes: Array) -> Array:
    """Return a statistic's value for each hash, computed in float32 as CatBoost does."""
    order = np.argsort(counts.keys)
    keys = counts.keys[order]
    at = np.searchsorted(keys, hashes).clip(max=len(keys) - 1)
    mine = np.where((keys[at] == hashes)[:, None], counts.values[order][at], 0)
    kind, border = statistic["ctr_type"], int(statistic["target_border_idx"])
    if kind in {"Counter", "FeatureFreq"}:
        good, total = mine[:, 0], np.full(len(mine), float(counts.denominator))
    elif kind in {"BinarizedTargetMeanValue", "FloatTargetMeanValue"}:
        good, total = mine[:, 0], mine[:, 1]
    else:
        good, total = (mine[:, border] if kind == "Buckets" else mine[:, border + 1 :].sum(axis=1)), mine.sum(axis=1)
    numerator, denominator = np.float32(statistic["prior_numerator"]), np.float32(statistic["prior_denomerator"])
    share = (good.astype(np.float32) + numerator) / (total.astype(np.float32) + denominator)
    scaled: Array = (share + np.float32(statistic["shift"])) * np.float32(statistic["scale"])
    return scaled
