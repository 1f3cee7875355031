"""Voting and stacking of any estimators; trees and ensembles of them are in `trees`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor

from converter.writing import Value, side_by_side, stacked
from converter_sklearn.estimators import Block, Writer
from converter_sklearn.expressed import Expressed


class _Votes(Expressed):
    @cached_property
    def weights(self) -> np.ndarray:
        """The weight of each estimator, float64; they add up to 1."""
        given = self.estimator._weights_not_none
        weights = np.ones(len(self.estimator.estimators_)) if given is None else np.asarray(given, np.float64)
        return np.asarray(weights / weights.sum())

    def averaged(self, values: Sequence[Value]) -> Value:
        """Return the mean of values of one shape, by the weights."""
        first, *others = [value * float(weight) for value, weight in zip(values, self.weights, strict=True)]
        return first.node("Sum", *others) if others else first


class VotedNumber(_Votes):
    """A regressor: the mean of several."""

    def predict(self) -> Value:
        """Write the prediction."""
        return self.averaged(self.predictions)

    def transform(self) -> Value:
        """Write the prediction of each, [batch, regressors]."""
        return stacked(self.predictions)

    @cached_property
    def predictions(self) -> list[Value]:
        """What each predicts, [batch]."""
        return [self.asked(each, "predict") for each in self.estimator.estimators_]


class VotedClass(_Votes):
    """A classifier: the class of the largest mean probability, or of the most votes. Those that vote know the classes by their numbers."""

    def predict(self) -> Value:
        """Write the classes."""
        if self.estimator.voting == "soft":
            return self.labels(self.predict_proba().argmax())
        places = np.arange(len(self.estimator.classes_))
        named = [(each.wide() == each.constant(places)).cast(self.compute) for each in self.named]
        return self.labels(self.averaged(named).argmax())

    def predict_proba(self) -> Value:
        """Write the mean of the probabilities."""
        return self.averaged(self.probabilities)

    def transform(self) -> Value:
        """Write what each says: [classifiers, batch, classes], [batch, classifiers x classes], or the number of its class, [batch, classifiers]."""
        if self.estimator.voting == "hard":
            return stacked(self.named)
        if self.estimator.flatten_transform:
            return side_by_side(self.probabilities)
        return side_by_side([each.wide(0) for each in self.probabilities], axis=0)

    @cached_property
    def named(self) -> list[Value]:
        """The number of the class that each names, int64 [batch]."""
        return [self.asked(each, "predict") for each in self.estimator.estimators_]

    @cached_property
    def probabilities(self) -> list[Value]:
        """The probabilities of each, [batch, classes]."""
        return [self.asked(each, "predict_proba") for each in self.estimator.estimators_]


class Stacked(Expressed):
    """An estimator of what others say."""

    sums: ClassVar[str] = "float64"

    def predict(self) -> Value:
        """Write what the last one predicts; of a classifier, whose last one knows the classes by their numbers, the classes."""
        found = self.asked(self.estimator.final_estimator_, "predict", self.transform())
        encoder: Any = getattr(self.estimator, "_label_encoder", None)
        if encoder is None:
            return found
        if not isinstance(encoder, list):
            return self.labels(found, encoder.classes_)
        return stacked([self.labels(found.column(place), each.classes_) for place, each in enumerate(encoder)])

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes; of several outputs that of each one's first class, as scikit-learn does."""
        found = self.asked_all(self.estimator.final_estimator_, "predict_proba", self.transform())
        return stacked([each.column(0) for each in found]) if isinstance(self.estimator._label_encoder, list) else found[0]

    def decision_function(self) -> Value:
        """Write the scores of the last one."""
        return self.asked(self.estimator.final_estimator_, "decision_function", self.transform())

    def transform(self) -> list[Block]:
        """Write what the others say, and the columns behind it where they pass through."""
        pairs = zip(self.estimator.estimators_, self.estimator.stack_method_, strict=True)
        said = [(each, method) for estimator, method in pairs for each in self.asked_all(estimator, method)]
        widths = self.estimator._n_feature_outs
        matrix = side_by_side([self._columns(*each, width) for each, width in zip(said, widths, strict=True)])
        block = Block(matrix.name, matrix.dtype, sum(widths))
        return [block, *self.blocks] if self.estimator.passthrough else [block]

    def _columns(self, said: Value, method: str, width: int) -> Value:
        """Return what one says as `width` columns; the first of two probabilities is left out, since the second tells it."""
        is_of_two = method == "predict_proba" and (isinstance(self.estimator.classes_, list) or len(self.estimator.classes_) == 2)
        return (said.columns(range(1, width + 1)) if is_of_two else said.reshaped(-1, width)).cast(self.compute)


WRITERS: Mapping[type, type[Writer]] = {
    VotingRegressor: VotedNumber,
    VotingClassifier: VotedClass,
    StackingRegressor: Stacked,
    StackingClassifier: Stacked,
}
