"""What a search found, and classifiers with a threshold of their own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn import model_selection
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - the classes are hidden without it

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Delegating, Expressed
from converter_sklearn.known import known


class Found(Delegating):
    """A search: the best of its estimators, fitted again to all rows."""

    @property
    def inner(self) -> Writer:
        """The writer of the best estimator."""
        return self.part(self.estimator.best_estimator_)


class _Thresholded(Expressed):
    """A classifier of two classes: the positive one where its score reaches a threshold."""

    def predict(self) -> Value:
        """Write the classes."""
        classes = np.asarray(self.estimator.classes_)
        positive = len(classes) - 1 if self.positive is None else int(np.flatnonzero(classes == self.positive)[0])
        by_probability = self._method == "predict_proba"
        reached = (self._probability(positive) if by_probability else self._decision(positive)) >= self.threshold(by_probability=by_probability)
        return self.labels(reached.cast("int64"), classes[[1 - positive, positive]])

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes."""
        return self.asked(self.estimator.estimator_, "predict_proba")

    def decision_function(self) -> Value:
        """Write the scores of the estimator inside."""
        return self.asked(self.estimator.estimator_, "decision_function")

    @property
    def positive(self) -> object:
        """The class that the threshold is for; None for the second."""
        raise NotImplementedError

    def threshold(self, *, by_probability: bool) -> float:
        """Return the least score of the positive class."""
        raise NotImplementedError

    @property
    def _method(self) -> str:
        asked: str = self.estimator.response_method
        is_probable = hasattr(self.estimator.estimator_, "predict_proba")
        return asked if asked != "auto" else "predict_proba" if is_probable else "decision_function"

    def _probability(self, positive: int) -> Value:
        return self.predict_proba().column(positive)

    def _decision(self, positive: int) -> Value:
        scores = self.decision_function()
        return scores if positive else -scores


class Fixed(_Thresholded):
    """A threshold that was given."""

    @property
    def positive(self) -> object:
        """The class that was named."""
        return self.estimator.pos_label

    def threshold(self, *, by_probability: bool) -> float:
        """Return the given threshold, or the middle of the scores."""
        middle = 0.5 if by_probability else 0.0
        return middle if self.estimator.threshold == "auto" else float(self.estimator.threshold)


class Tuned(_Thresholded):
    """A threshold that scored best."""

    @property
    def positive(self) -> object:
        """The class that the score calls positive."""
        return self.estimator._curve_scorer._get_pos_label()

    def threshold(self, *, by_probability: bool) -> float:  # noqa: ARG002 - the best threshold is one of the scores
        """Return the best threshold."""
        return float(self.estimator.best_threshold_)


WRITERS: Mapping[type, type[Writer]] = {
    **dict.fromkeys(known(model_selection, "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"), Found),
    **dict.fromkeys(known(model_selection, "FixedThresholdClassifier"), Fixed),
    **dict.fromkeys(known(model_selection, "TunedThresholdClassifierCV"), Tuned),
}
