"""CatBoost's binary model, `.cbm`: the bytes "CBM1", the length of a FlatBuffers message, the message, and the counts that categories need.

    float features   their borders, one after the other over all features, number the splits; then those of other features
    trees            symmetric: a split for each level, 2**levels leaves, the first split is bit 0 of the leaf's number
                     others: nodes in order; the distances to a node's children, 0 and 0 for a leaf
    leaves           a float64 for each dimension of the answer
    answer           scale × the sum over the trees + bias

A row takes bit 1, or goes right, where `float32(value) > border`. CatBoost itself dies on damaged numbers, so they are looked at here first.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from converter_catboost.counts import Counts, counts_of
from converter_catboost.flatbuffer import Table

MAGIC = b"CBM1"
VERSION = "FlabuffersModel_v1"  # as CatBoost spells it
_LONG = 0xFFFFFFFF  # in place of a length that wants 64 bits
_NAN_IS_HIGH = 2  # of NanValueTreatment: a missing value lies above all borders


@dataclass(frozen=True, eq=False)
class FloatFeature:
    """A feature of numbers: its place among the columns, the borders that trees compare it with, float32 [borders], and where missing values go."""

    place: int
    borders: np.ndarray
    nan_is_high: bool


@dataclass(frozen=True, eq=False)
class ModelBlob:
    """A binary model that was read and found whole."""

    data: bytes
    dimension: int
    floats: tuple[FloatFeature, ...]
    others: Mapping[str, tuple[int, ...]]
    """The places of features that hold no numbers: "categorical", "text", "embedding"."""
    asked: Mapping[str, int]
    """How many splits ask for features of these kinds: "categorical", "text or embedding"."""
    sizes: np.ndarray
    """int64 [trees]; levels of a symmetric tree, nodes of another."""
    splits: np.ndarray
    """int64 [levels or nodes of all trees]"""
    steps: np.ndarray
    """int64 [nodes, 2]; [0, 2] where the trees are symmetric."""
    leaf_ids: np.ndarray
    """int64 [nodes]; a leaf's first value among `leaf_values`."""
    leaf_values: np.ndarray
    """float64 [leaves of all trees · dimension]"""
    leaf_weights: np.ndarray
    """float64 [leaves of all trees], or [0] where the model does not keep them."""
    scale: float
    bias: np.ndarray
    """float64 [dimension]"""
    info: Mapping[str, str]
    counts: tuple[Counts, ...] = ()
    """Of each target statistic, in their order."""

    @property
    def trees(self) -> int:
        """How many trees it has."""
        return len(self.sizes)

    @property
    def symmetric(self) -> bool:
        """Whether each level of a tree has one split."""
        return not len(self.steps)

    @property
    def loss(self) -> str:
        """The loss function's name; "" where the model does not keep it."""
        loss = _nested(self.info, "params").get("loss_function", {})
        return str(loss.get("type", "")) if isinstance(loss, dict) else str(loss).partition(":")[0]

    @property
    def classes(self) -> tuple[Any, ...]:
        """The labels of the classes, () where it has none."""
        return tuple(_nested(self.info, "class_params").get("class_names", ()))


class UnknownFormat(ValueError):
    """A binary model of another format version."""


def read(data: bytes) -> ModelBlob:
    """Read a binary model; raises ValueError with the fault where it is cut off or damaged, UnknownFormat where it is of another version."""
    message, rest = _parts(data)
    root = Table.root(message)
    if (version := root.text(0)) != VERSION:
        raise UnknownFormat(f"its format is '{version}', where '{VERSION}' is known")
    trees = root.table(1)
    if trees is None:
        raise ValueError("it has no trees")
    info = {each.text(0): each.text(1) for each in root.tables(2)}
    dimension = int(trees.number(0, "i", 0))
    bias = trees.array(16, "<f8")
    blob = ModelBlob(
        data=data,
        dimension=dimension,
        floats=tuple(_float_feature(each) for each in trees.tables(5)),
        others={name: tuple(int(each.number(1, "i", -1)) for each in trees.tables(field)) for name, field in _OTHERS.items()},
        asked={"categorical": _count(trees, 6, 1, "<i4") + _count(trees, 7, 1, "<f4"), "text or embedding": _count(trees, 13, 3, "<f4")},
        sizes=trees.array(2, "<i4").astype(np.int64),
        splits=trees.array(1, "<i4").astype(np.int64),
        steps=trees.array(10, "(2,)<u2").astype(np.int64).reshape(-1, 2),
        leaf_ids=trees.array(11, "<u4").astype(np.int64),
        leaf_values=trees.array(8, "<f8"),
        leaf_weights=trees.array(9, "<f8"),
        scale=float(trees.number(14, "d", 1.0)),
        bias=bias if len(bias) else np.full(dimension, trees.number(15, "d", 0.0)),
        info=info,
        counts=counts_of(trees, rest),
    )
    for fault in (*_faults(blob), *_offset_faults(blob, trees.array(3, "<i4"))):
        raise ValueError(fault)
    return blob


_OTHERS = {"categorical": 4, "text": 12, "embedding": 18}


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """The message, and what lies behind it."""
    if not data.startswith(MAGIC):
        raise ValueError(f"it begins with {data[:4]!r}, not with {MAGIC!r}")
    try:
        (length,), start = struct.unpack_from("<I", data, 4), 8
        if length == _LONG:
            (length,), start = struct.unpack_from("<Q", data, 8), 16
    except struct.error:
        raise ValueError("it ends before its length") from None
    if len(data) < start + length:
        raise ValueError(f"{len(data) - start} of {length} bytes are there")
    return data[start : start + length], data[start + length :]


def _float_feature(table: Table) -> FloatFeature:
    high = bool(table.number(0, "?", 0)) and table.number(5, "b", 0) == _NAN_IS_HIGH
    return FloatFeature(int(table.number(2, "i", -1)), table.array(3, "<f4"), high)


def _count(trees: Table, field: int, borders: int, dtype: str) -> int:
    """How many values or borders the features of one kind have."""
    return sum(len(each.array(borders, dtype)) for each in trees.tables(field))


def _nested(info: Mapping[str, str], name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(info.get(name, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _faults(blob: ModelBlob) -> list[str]:
    """Return what is wrong first, or nothing."""
    if blob.dimension < 1 or len(blob.bias) != blob.dimension:
        return [f"its answer has {blob.dimension} dimensions, its bias {len(blob.bias)}"]
    if not blob.trees:
        return ["it has no trees"]
    places = [each.place for each in blob.floats] + [place for each in blob.others.values() for place in each]
    if sorted(set(places)) != sorted(places) or min(places, default=0) < 0:
        return ["its features do not lie side by side"]
    if any(np.isnan(each.borders).any() or (np.diff(each.borders) <= 0).any() for each in blob.floats):
        return ["the borders of a feature do not ascend"]
    if (blob.sizes < 0).any() or blob.sizes.sum() != len(blob.splits):
        return [f"its trees have {blob.sizes.sum()} splits, {len(blob.splits)} are there"]
    if not (np.isfinite(blob.leaf_values).all() and np.isfinite(blob.bias).all() and np.isfinite(blob.scale)):
        return ["a leaf, the scale or the bias is no finite number"]
    known = sum(len(each.borders) for each in blob.floats) + sum(blob.asked.values())
    if ((blob.splits < 0) | (blob.splits >= max(known, 1))).any():
        return [f"a tree asks for a split that is none of the {known}"]
    return _symmetric_faults(blob) if blob.symmetric else _step_faults(blob)


def _offset_faults(blob: ModelBlob, offsets: np.ndarray) -> list[str]:
    """CatBoost jumps to where the file says that a tree's splits begin."""
    are_right = not len(offsets) or np.array_equal(offsets, np.cumsum(blob.sizes) - blob.sizes)
    return [] if are_right else ["its trees do not begin where they should"]


def _symmetric_faults(blob: ModelBlob) -> list[str]:
    if blob.sizes.max() > _DEEPEST:
        return [f"a tree has {blob.sizes.max()} levels"]
    leaves = int((1 << blob.sizes).sum())
    if leaves * blob.dimension != len(blob.leaf_values) or len(blob.leaf_weights) not in {0, leaves}:
        return [f"its trees have {leaves} leaves of {blob.dimension} values, {len(blob.leaf_values)} values are there"]
    return []


_DEEPEST = 30


def _step_faults(blob: ModelBlob) -> list[str]:
    nodes = len(blob.splits)
    if len(blob.steps) != nodes or len(blob.leaf_ids) != nodes or (blob.sizes < 1).any():
        return [f"its trees have {nodes} nodes, {len(blob.steps)} of them with children or none"]
    ends = np.repeat(np.cumsum(blob.sizes), blob.sizes)
    if (np.arange(nodes) + blob.steps.max(axis=1) >= ends).any():
        return ["a child lies outside its tree"]
    values = blob.leaf_ids[(blob.steps == 0).any(axis=1)]
    if ((values % blob.dimension != 0) | (values + blob.dimension > len(blob.leaf_values))).any():
        return ["a leaf has no value"]
    if len(blob.leaf_weights) and len(blob.leaf_weights) * blob.dimension != len(blob.leaf_values):
        return ["its leaves have not as many weights as values"]
    return []
