"""Baselines that look at no column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from converter.writing import Value, stacked
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, dense


class Baseline(Expressed):
    """An estimator that answers every row alike; its columns may be texts."""

    @cached_property
    def nothing(self) -> Value:
        """As many places 0 as there are rows, int64 [batch]."""
        block = self.blocks[0]
        return self.constant([0], "int64").node("Expand", Value(self.document, block.value, block.dtype).rows())

    def repeated(self, row: Any) -> Value:
        """Return a row of numbers for each row, [batch, numbers]."""
        return self.constant(np.reshape(row, (1, -1)))[self.nothing]


class Regressor(Baseline):
    """A regressor of one output or several."""

    def predict(self) -> Value:
        """Write the prediction."""
        found = self.repeated(dense(self.estimator.constant_))
        return found.flat() if self.estimator.n_outputs_ == 1 else found


class Classifier(Baseline):
    """A classifier of one output or several."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Some draw their answers."""
        if estimator.strategy in {"stratified", "uniform"}:
            return f"with the strategy {estimator.strategy!r} its answers are drawn at random"
        return "its answers are a sparse matrix" if estimator.sparse_output_ else ""

    def predict(self) -> Value:
        """Write the classes."""
        found = [self.labels(self.nothing + place, classes) for place, classes in zip(self.places, self.classes, strict=True)]
        return found[0] if self.estimator.n_outputs_ == 1 else stacked(found)

    def predict_proba(self) -> Sequence[Value]:
        """Write the probabilities, of each output."""
        if self.estimator.strategy == "prior":
            return [self.repeated(each) for each in self._each(self.estimator.class_prior_)]
        return [self.repeated(np.eye(len(each))[place]) for place, each in zip(self.places, self.classes, strict=True)]

    @property
    def classes(self) -> Sequence[np.ndarray]:
        """The classes of each output."""
        return self._each(self.estimator.classes_)

    @property
    def places(self) -> list[int]:
        """The place of the answer among the classes of each output."""
        if self.estimator.strategy == "constant":
            constants = np.ravel(np.asarray(self.estimator.constant, object))
            return [int(np.flatnonzero(each == constant)[0]) for each, constant in zip(self.classes, constants, strict=True)]
        return [int(np.argmax(each)) for each in self._each(self.estimator.class_prior_)]

    def _each(self, of_outputs: Any) -> Sequence[np.ndarray]:
        return [of_outputs] if self.estimator.n_outputs_ == 1 else list(of_outputs)


WRITERS: Mapping[type, type[Writer]] = {DummyRegressor: Regressor, DummyClassifier: Classifier}
