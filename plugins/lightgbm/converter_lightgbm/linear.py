"""Leaves that are linear functions (linear_tree): the leaf that a row reaches in each tree, and the sums of these leaves' functions, in double precision.

    leaf [batch, trees] ─▶ its features' values [batch, trees, terms] · its coefficients ─ Σ terms, + its constant ─▶ [batch, trees] ─ Σ iterations ─▶ [batch, scores]

A leaf of which a feature is NaN says its value instead. Trees are taken some at a time, so that the wide tensors stay small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from converter.writing import Document
from converter_lightgbm.model_text import ModelText
from converter_lightgbm.trees import Floats, Ints, Linear

_AT_ONCE = 256  # values of a row's features that are gathered at once


def linear_sums(document: Document, text: ModelText, linear: Linear, features: str, leaves: str) -> str:
    """Return the trees' sums [batch, scores], float64, of the model's columns [batch, width] and of the leaves' numbers [batch, trees], int64."""
    trees = text.trees
    values = document.node("Cast", features, to=_DOUBLE)
    padded = document.node("Pad", values, document.constant(np.array([0, 0, 0, 1])), document.constant(np.zeros((), np.float64)))
    rows = document.node("Add", leaves, document.constant(np.cumsum(trees.leaves) - trees.leaves))
    tables = _Tables.of(document, linear, trees.values, text.width)
    parts = []
    for first, last in _blocks(len(trees), text.scores, tables.terms):
        block = document.node("Gather", rows, document.constant(np.arange(first, last)), axis=1)
        answers = _answers(document, tables, padded, block, last - first)
        iterations = document.node("Reshape", answers, document.constant(np.array([0, (last - first) // text.scores, text.scores])))
        parts.append(document.node("ReduceSum", iterations, document.constant(np.array([1])), keepdims=0))
    return document.node("Sum", *parts) if len(parts) > 1 else parts[0]


_DOUBLE = 11  # TensorProto.DOUBLE


@dataclass(frozen=True)
class _Tables:
    """Constants with a row for each leaf of all trees: its features and coefficients [leaves, terms], its constant and value [leaves]."""

    terms: int
    features: str
    coefficients: str
    constants: str
    values: str

    @classmethod
    def of(cls, document: Document, linear: Linear, values: Floats, width: int) -> _Tables:
        terms = max(1, int(linear.counts.max(initial=0)))
        leaf = np.repeat(np.arange(len(linear.counts)), linear.counts)
        place = np.arange(len(leaf)) - np.repeat(np.cumsum(linear.counts) - linear.counts, linear.counts)
        features: Ints = np.full((len(linear.counts), terms), width)  # the column of zeros behind the model's
        coefficients: Floats = np.zeros(features.shape)
        features[leaf, place] = linear.features
        coefficients[leaf, place] = linear.coefficients
        return cls(terms, *(document.constant(each) for each in (features, coefficients, linear.constants, values)))


def _blocks(trees: int, scores: int, terms: int) -> Iterator[tuple[int, int]]:
    """Whole iterations, as many as `_AT_ONCE` allows."""
    step = scores * max(1, _AT_ONCE // (terms * scores))
    for first in range(0, trees, step):
        yield first, min(first + step, trees)


def _answers(document: Document, tables: _Tables, padded: str, rows: str, trees: int) -> str:
    """What each of some trees says, [batch, trees]."""
    asked = document.node("Gather", tables.features, rows)
    flat = document.node("Reshape", asked, document.constant(np.array([0, trees * tables.terms])))
    found = document.node("GatherElements", padded, flat, axis=1)
    values = document.node("Reshape", found, document.constant(np.array([0, trees, tables.terms])))
    products = document.node("Mul", values, document.node("Gather", tables.coefficients, rows))
    sums = document.node("Add", document.node("Gather", tables.constants, rows), _over_terms(document, products))
    missing = document.node("Cast", document.node("IsNaN", values), to=_DOUBLE)
    is_missing = document.node("Greater", _over_terms(document, missing), document.constant(np.zeros(1)))
    return document.node("Where", is_missing, document.node("Gather", tables.values, rows), sums)


def _over_terms(document: Document, values: str) -> str:
    return document.node("ReduceSum", values, document.constant(np.array([2])), keepdims=0)
