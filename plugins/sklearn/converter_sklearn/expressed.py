"""Estimators as arithmetic: a Writer whose methods return values, computed in double precision whatever the dtype around it. Public for plugins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from converter.writing import Value, side_by_side
from converter_sklearn.estimators import Block, Writer, Written, joined
from converter_sklearn.parts import answer, answers, columns, part


class Expressed(Writer):
    """Has a method for each method of the estimator that it writes; `x` are the estimator's columns."""

    @cached_property
    def x(self) -> Value:
        """All columns as floats, [batch, columns]."""
        return Value(self.document, joined(self.document, self.blocks, self.compute), self.compute)

    def constant(self, array: Any, dtype: str = "") -> Value:
        """Return an array as a value of `dtype`, that of `x` if none is named; texts are "string"."""
        array = dense(array) if not dtype else np.asarray(array)
        return Value(
            self.document, self.document.constant(array.astype(object if dtype == "string" else dtype or self.compute)), dtype or self.compute
        )

    def labels(self, places: Value, classes: Any = None) -> Value:
        """Return classes, the estimator's if none are given, by their places: texts, else int64."""
        known = np.asarray(self.estimator.classes_ if classes is None else classes)
        if known.dtype.kind in "OUS":
            return self.constant([str(each) for each in known], "string")[places]
        return self.constant(known, "int64")[places]

    def second(self, is_second: Value) -> Value:
        """Return of two classes the second where a condition [batch] holds; an only class takes both places."""
        known = np.asarray(self.estimator.classes_)
        return self.labels(is_second.cast("int64"), known[[0, -1]])

    # Parts

    sums: ClassVar[str] = ""
    """The dtype in which trees inside are summed, `dtype` if none is named: float64 where other trees read what they say."""

    def part(self, estimator: Any, blocks: Sequence[Block] | Value | None = None) -> Writer:
        """Return the writer of an estimator inside this one, which reads the same columns if no others are given."""
        return part(self.document, estimator, self._blocks(blocks), self.sums or self.dtype, self.compute)

    def asked(self, estimator: Any, method: str, blocks: Sequence[Block] | Value | None = None) -> Value:
        """Return what an estimator inside this one answers, floats as those of `x`."""
        return self.floats(answer(self.part(estimator, blocks), method))

    def asked_all(self, estimator: Any, method: str, blocks: Sequence[Block] | Value | None = None) -> list[Value]:
        """Return what an estimator inside this one answers with a list, one value for each of its outputs."""
        return [self.floats(each) for each in answers(self.part(estimator, blocks), method)]

    def transformed(self, estimator: Any, blocks: Sequence[Block] | Value | None = None) -> list[Block]:
        """Return the columns that a transformer inside this one gives."""
        return columns(self.part(estimator, blocks))

    def floats(self, value: Value) -> Value:
        """Return a value, floats in the precision of `x`."""
        return value.cast(self.compute) if value.dtype.startswith("float") else value

    def _blocks(self, blocks: Sequence[Block] | Value | None) -> Sequence[Block]:
        if blocks is None:
            return self.blocks
        return [Block(blocks.name, blocks.dtype)] if isinstance(blocks, Value) else blocks


class Delegating(Expressed):
    """An estimator whose methods are those of one inside it."""

    @property
    def inner(self) -> Writer:
        """The writer of the estimator inside."""
        raise NotImplementedError

    def write(self, method: str) -> Written:
        """Write a method: its own where it has one, else that of the estimator inside."""
        if hasattr(self, method):
            return super().write(method)
        return columns(self.inner) if method == "transform" else answers(self.inner, method)


class BestOf(Expressed):
    """A classifier that answers the class of the largest of its probabilities."""

    def predict(self) -> Value:
        """Write the classes."""
        return self.labels(self.predict_proba().argmax())

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        raise NotImplementedError


class Decided(Expressed):
    """A classifier that answers the class of the largest of its scores; of two classes the second where the only score is above 0."""

    def predict(self) -> Value:
        """Write the classes."""
        return self.second(self.scores.flat() > 0) if len(self.estimator.classes_) == 2 else self.labels(self.scores.argmax())

    def decision_function(self) -> Value:
        """Write the scores."""
        return self.scores.flat() if len(self.estimator.classes_) == 2 else self.scores

    @cached_property
    def scores(self) -> Value:
        """The scores, [batch, classes]; of two classes that of the second, [batch, 1]."""
        raise NotImplementedError


class Inside(Expressed):
    """An outlier detector: 1 where the decision function is not negative, else -1."""

    def predict(self) -> Value:
        """Write 1 and -1."""
        inside = self.decision_function() >= 0
        return inside.where(inside.constant(1, "int64"), -1)

    def decision_function(self) -> Value:
        """Write the scores, with the offset taken off."""
        return self.score_samples() - float(np.ravel(self.estimator.offset_)[0])

    def score_samples(self) -> Value:
        """Write the scores."""
        raise NotImplementedError


def affine(x: Value, weights: Any, bias: Any = 0.0) -> Value:
    """Return x times weights [columns, …], plus a bias."""
    product = x @ dense(weights)
    return product if np.ndim(bias) == 0 and bias == 0 else product + dense(bias)


def dense(array: Any) -> np.ndarray:
    """Return an array in double precision that may be sparse."""
    return np.asarray(array.toarray() if sparse.issparse(array) else array, np.float64)


def of_two(second: Value) -> Value:
    """Return the probabilities [batch, 2] of two classes, given that of the second, [batch, 1]."""
    return side_by_side([1 - second, second])


def shared_out(shares: Value, count: int) -> Value:
    """Return shares [batch, count] that add up to 1; a row of zeros is shared evenly."""
    total = shares.sum()
    is_nothing = total == 0
    return is_nothing.where(shares.constant(1 / count), shares / is_nothing.where(total.constant(1), total))
