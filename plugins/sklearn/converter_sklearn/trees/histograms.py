"""HistGradientBoosting: the baseline plus what the trees say, compared in double precision; categories are sets of codes."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from converter.trees import Ensemble, add_scores, heads
from converter_sklearn.estimators import Block, Writer, joined, picked
from converter_sklearn.trees.labels import best, second_where
from converter_sklearn.trees.reading import Nodes, of_numbers

_LINKS = {"IdentityLink": "Identity", "LogLink": "Exp"}
_CODES = 256  # of a set's bits


class _Histograms(Writer):
    @cached_property
    def matrix(self) -> str:
        """The columns as the trees number them: codes of the categories first, where there are any, then the numbers."""
        encoded = self.estimator.is_categorical_
        if encoded is None:
            return joined(self.document, self.blocks, self.dtype)
        categories = self.estimator._preprocessor.named_transformers_["encoder"].categories_
        codes = [self._codes(self.column(place), known) for place, known in zip(np.nonzero(encoded)[0].tolist(), categories, strict=True)]
        numbers = [self.column(place) for place in np.nonzero(~encoded)[0].tolist()]
        return joined(self.document, [*codes, *numbers], self.dtype)

    def column(self, place: int) -> Block:
        """Return one of the estimator's columns."""
        (found,) = picked(self.document, self.blocks, np.array([place]))
        return found

    def _codes(self, column: Block, categories: np.ndarray) -> Block:
        """Return a column's codes, -1 for what is no category."""
        if column.dtype == "string":
            texts = [str(each) for each in categories if isinstance(each, str)]
            numbers = list(map(float, range(len(texts))))
            codes = self.document.node(
                "LabelEncoder", column.value, domain="ai.onnx.ml", keys_strings=texts, values_floats=numbers, default_float=-1.0
            )
            return Block(codes, "float32", 1)
        known = np.asarray(categories, np.float64)
        known = known[~np.isnan(known)]
        equal = self.document.node("Equal", self.cast(column.value, "float64"), self.document.constant(known[None]))
        places = self.document.constant(np.arange(len(known), dtype=np.float32)[None])
        numbered = self.document.node("Where", equal, places, self.document.constant(np.array([-1], np.float32)))
        last = self.document.constant(np.array([1], np.int64))
        return Block(self.document.node("ReduceMax", numbered, last, keepdims=1), "float32", 1)

    @cached_property
    def raw(self) -> str:
        """The raw scores, [batch, 1 or classes]."""
        return add_scores(self.document, ensemble_of(self.estimator), self.matrix, self.dtype)


class Regressor(_Histograms):
    """A regressor; the loss says how its scores become predictions."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse a loss whose link is unknown."""
        link = type(estimator._loss.link).__name__
        return "" if link in _LINKS else f"its loss has the link {link}"

    def predict(self) -> str:
        """Write what the estimator predicts."""
        return self.document.node(_LINKS[type(self.estimator._loss.link).__name__], heads.flat(self.document, self.raw))


class Classifier(_Histograms):
    """A classifier of two classes, with one score, or of several."""

    def decision_function(self) -> str:
        """Write the scores that the decision is made by."""
        return heads.flat(self.document, self.raw) if self.estimator.n_trees_per_iteration_ == 1 else self.raw

    def predict_proba(self) -> str:
        """Write the probabilities of the classes."""
        if self.estimator.n_trees_per_iteration_ > 1:
            return self.document.node("Softmax", self.raw, axis=1)
        return heads.two_columns(self.document, self.document.node("Sigmoid", self.raw), self.dtype)

    def predict(self) -> str:
        """Write what the estimator predicts."""
        if self.estimator.n_trees_per_iteration_ > 1:
            return best(self.document, self.raw, self.estimator.classes_)
        is_second = self.document.node("Greater", self.decision_function(), self.number(0))
        return second_where(self.document, is_second, self.estimator.classes_)


def ensemble_of(estimator: Any) -> Ensemble:
    """Return the trees over the matrix of `_Histograms`."""
    nodes = nodes_of(estimator)
    predictors = _predictors_of(estimator)
    targets = len(estimator._predictors[0])
    base = np.broadcast_to(np.ravel(estimator._baseline_prediction), targets).astype(np.float64)
    values = np.concatenate([each.nodes["value"] for each in predictors])
    ensemble = of_numbers(nodes, estimator.n_features_in_, values, np.arange(len(predictors)) % targets, base)
    return replace(ensemble, **_sets(estimator, predictors))


def nodes_of(estimator: Any) -> Nodes:
    """Return the nodes of the trees over that matrix; those that ask for a set have the threshold 0."""
    predictors = _predictors_of(estimator)
    sizes = np.array([len(each.nodes) for each in predictors])
    roots = np.cumsum(sizes) - sizes
    nodes = np.concatenate([each.nodes for each in predictors])
    start, numbers = np.repeat(roots, sizes), np.arange(len(nodes))
    leaf, asks_set = nodes["is_leaf"] != 0, _asks_set(nodes)
    missing = (nodes["missing_go_to_left"] != 0) & ~leaf
    left, right = (np.where(leaf, numbers, nodes[side] + start).astype(np.int64) for side in ("left", "right"))
    never = _sends_no_number_left(nodes)
    turned = asks_set & missing | never
    fields = {
        "features": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        "thresholds": np.where(never, np.inf, np.where(leaf | asks_set, 0.0, nodes["num_threshold"])),
        "yes": np.where(turned, right, left),
        "no": np.where(turned, left, right),
        "missing": np.where(never, ~missing, missing & ~turned),
        "covers": nodes["count"].astype(np.float64),
    }
    return Nodes(roots, fields)


def places_of(estimator: Any) -> np.ndarray:
    """Return the estimator's column that each column of that matrix is; for the codes of categories, which are none, the number behind them all."""
    encoded = estimator.is_categorical_
    if encoded is None:
        return np.arange(estimator.n_features_in_)
    places: np.ndarray = np.concatenate([np.full(np.count_nonzero(encoded), estimator.n_features_in_), np.nonzero(~encoded)[0]])
    return places


def _predictors_of(estimator: Any) -> list[Any]:
    return [each for iteration in estimator._predictors for each in iteration]


def _asks_set(nodes: np.ndarray) -> np.ndarray:
    asks: np.ndarray = (nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)
    return asks


def _sends_no_number_left(nodes: np.ndarray) -> np.ndarray:
    """Where there were infinities in training, a threshold can be NaN: every number is below inf and goes right."""
    never: np.ndarray = np.isnan(nodes["num_threshold"]) & (nodes["is_leaf"] == 0) & ~_asks_set(nodes)
    return never


def _sets(estimator: Any, predictors: list[Any]) -> dict[str, Any]:
    """Return the sets of the nodes that ask for one, each its own: the categories that go left, or where the unknown go left the known that go right."""
    sizes = np.array([len(each.nodes) for each in predictors])
    nodes = np.concatenate([each.nodes for each in predictors])
    asks_set = _asks_set(nodes)
    if not asks_set.any():
        return {}
    counts = np.array([len(each.raw_left_cat_bitsets) for each in predictors])
    words = np.concatenate([each.raw_left_cat_bitsets for each in predictors])
    rows = (np.repeat(np.cumsum(counts) - counts, sizes) + nodes["bitset_idx"])[asks_set]
    goes_left = _bits(words[rows])
    bitsets, places = estimator._bin_mapper.make_known_categories_bitsets()
    known = _bits(bitsets[places[nodes["feature_idx"][asks_set]]])
    members = np.where((nodes["missing_go_to_left"] != 0)[asks_set][:, None], known & ~goes_left, goes_left)
    sets = np.full(len(nodes), -1)
    sets[asks_set] = np.arange(len(members))
    return {"sets": sets, "set_starts": np.concatenate([[0], np.cumsum(members.sum(axis=1))]), "set_members": np.nonzero(members)[1]}


def _bits(words: np.ndarray) -> np.ndarray:
    """Return which codes a bitset of eight 32-bit words holds, bool [sets, codes]."""
    octets = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little")[:, :_CODES].astype(bool)
