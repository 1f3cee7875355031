"""Several classes by classifiers of two: one against the rest, each against each, and words of a code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier, _ConstantPredictor

from converter.writing import Value, side_by_side, stacked
from converter_sklearn.estimators import Block, Writer, picked
from converter_sklearn.expressed import BestOf, Expressed, dense


class _OfTwo(Expressed):
    """Estimators that each know two classes, or a regressor in their place."""

    def score(self, estimator: Any, blocks: list[Block] | None = None) -> Value:
        """Return the score [batch] of the second class, as `sklearn.multiclass._predict_binary` does."""
        if is_regressor(estimator):
            return self.asked(estimator, "predict", blocks)
        if hasattr(estimator, "decision_function"):
            return self.asked(estimator, "decision_function", blocks).flat()
        return self.asked(estimator, "predict_proba", blocks).column(1)

    @property
    def middle(self) -> float:
        """The score that is above the first class and not yet above the second."""
        first = self.estimator.estimators_[0]
        return 0.0 if hasattr(first, "decision_function") and not is_regressor(first) else 0.5


class OneVsRest(_OfTwo):
    """One classifier for each class, or for each of several labels."""

    def predict(self) -> Value:
        """Write the classes, or of several labels which are there."""
        kind = self.estimator.label_binarizer_.y_type_
        if kind == "multiclass":
            return self.labels(self.scores.argmax())
        is_there = self.scores > self.middle
        return is_there.cast("int64") if kind.startswith("multilabel") else self.second(is_there.flat())

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes."""
        shares = stacked([self.asked(each, "predict_proba").column(1) for each in self.estimator.estimators_])
        if len(self.estimator.estimators_) == 1:
            shares = side_by_side([1 - shares, shares])
        if self.estimator.multilabel_:
            return shares
        total = shares.sum()
        return shares / (total == 0).where(total.constant(1), total)

    def decision_function(self) -> Value:
        """Write the scores of the classes."""
        if len(self.estimator.estimators_) == 1:
            return self.asked(self.estimator.estimators_[0], "decision_function")
        return stacked([self.asked(each, "decision_function").flat() for each in self.estimator.estimators_])

    @cached_property
    def scores(self) -> Value:
        """The score of each classifier, [batch, classifiers]."""
        return stacked([self.score(each) for each in self.estimator.estimators_])


class OneVsOne(_OfTwo):
    """One classifier for each pair of classes: they vote, and their scores decide between equal votes (`sklearn.utils.multiclass._ovr_decision_function`)."""

    def predict(self) -> Value:
        """Write the classes."""
        scores = self.decision_function()
        return self.second(scores > self.middle) if len(self.estimator.classes_) == 2 else self.labels(scores.argmax())

    def decision_function(self) -> Value:
        """Write the votes of each class."""
        count = len(self.estimator.classes_)
        first, second = (np.eye(count)[places] for places in np.triu_indices(count, 1))
        chosen = self.estimator.pairwise_indices_ or [None] * len(first)
        pairs = list(zip(self.estimator.estimators_, map(self._blocks_of, chosen), strict=True))
        labels = stacked([self.asked(each, "predict", blocks).cast(self.compute) for each, blocks in pairs])
        confidence = stacked([self.score(each, blocks) for each, blocks in pairs]) @ (second - first)
        votes = labels @ second + (1 - labels) @ first + confidence / ((abs(confidence) + 1) * 3)
        return votes.column(1) if count == 2 else votes

    def _blocks_of(self, columns: Any) -> list[Block] | None:
        return None if columns is None else picked(self.document, self.blocks, np.asarray(columns))


class OutputCode(_OfTwo):
    """Classifiers of the bits of a code: the class whose word is nearest."""

    def predict(self) -> Value:
        """Write the classes."""
        bits = stacked([self.score(each) for each in self.estimator.estimators_])
        words = dense(self.estimator.code_book_)
        distances = (words**2).sum(axis=1) - (bits @ words.T) * 2
        return self.labels(distances.argmin())


class Constant(BestOf):
    """What stands for a classifier where all rows were of one class."""

    def predict(self) -> Value:
        """Write that class."""
        return self._repeated.flat().cast("int64")

    def decision_function(self) -> Value:
        """Write that class as a score."""
        return self._repeated.flat()

    def predict_proba(self) -> Value:
        """Write the probabilities of both classes."""
        return side_by_side([1 - self._repeated, self._repeated])

    @cached_property
    def _repeated(self) -> Value:
        return self.x.for_each_row(np.ravel(self.estimator.y_)[:1])


WRITERS: Mapping[type, type[Writer]] = {
    OneVsRestClassifier: OneVsRest,
    OneVsOneClassifier: OneVsOne,
    OutputCodeClassifier: OutputCode,
    _ConstantPredictor: Constant,
}
