"""Several outputs: an estimator for each, side by side or each after the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain

from converter.writing import Value, stacked
from converter_sklearn.estimators import Block, Writer
from converter_sklearn.expressed import Expressed


class SideBySide(Expressed):
    """Estimators that know nothing of each other."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse labels of several kinds: they have no dtype in common."""
        kinds = {np.asarray(each.classes_).dtype.kind in "OUS" for each in estimator.estimators_ if hasattr(each, "classes_")}
        return "some of its outputs are texts and others numbers" if len(kinds) > 1 else ""

    def predict(self) -> Value:
        """Write what they predict, [batch, outputs]."""
        return stacked([self.asked(each, "predict") for each in self.estimator.estimators_])

    def predict_proba(self) -> Sequence[Value]:
        """Write the probabilities of each output."""
        return [self.asked(each, "predict_proba") for each in self.estimator.estimators_]


class Chain(Expressed):
    """Estimators that each read what those before it answered, beside the columns."""

    sums: ClassVar[str] = "float64"

    def predict(self) -> Value:
        """Write what they predict, [batch, outputs]."""
        return self._answered("predict")

    def predict_proba(self) -> Value:
        """Write the probability of the second class of each output, [batch, outputs]."""
        return self._answered("predict_proba")

    def decision_function(self) -> Value:
        """Write the score of each output, [batch, outputs]."""
        return self._answered("decision_function")

    @cached_property
    def read(self) -> list[list[Block]]:
        """The columns that each estimator reads."""
        found = [list(self.blocks)]
        for estimator in self.estimator.estimators_[:-1]:
            value = self._of_second(estimator, found[-1], getattr(self.estimator, "chain_method_", "predict")).wide()
            found.append([*found[-1], Block(value.name, value.dtype, 1)])
        return found

    def _answered(self, method: str) -> Value:
        found = [self._of_second(each, blocks, method) for each, blocks in zip(self.estimator.estimators_, self.read, strict=True)]
        return stacked([found[place] for place in np.argsort(self.estimator.order_)])

    def _of_second(self, estimator: Any, blocks: list[Block], method: str) -> Value:
        found = self.asked(estimator, method, blocks)
        return found.column(1) if method == "predict_proba" else found.cast(self.compute)


WRITERS: Mapping[type, type[Writer]] = {
    MultiOutputRegressor: SideBySide,
    MultiOutputClassifier: SideBySide,
    RegressorChain: Chain,
    ClassifierChain: Chain,
}
