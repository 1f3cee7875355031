"""Classifiers whose scores were calibrated: the mean of several, each with its own calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import calibration

from converter.writing import Value, side_by_side, stacked
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import BestOf, Expressed, of_two
from converter_sklearn.known import known

_EPS = 1e-12  # what `sklearn.calibration._convert_to_logits` adds to probabilities


class Mean(BestOf):
    """The mean of calibrated classifiers."""

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes."""
        found = [self.asked(each, "predict_proba") for each in self.estimator.calibrated_classifiers_]
        total = found[0].node("Sum", *found[1:]) if len(found) > 1 else found[0]
        return total / len(found)


class Calibrated(Expressed):
    """One classifier, and what makes its scores probabilities."""

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes."""
        found = self._of_temperature() if self.estimator.method == "temperature" else self._of_classes()
        return ((found > 1) & (found <= 1 + 1e-5)).where(found.constant(1), found)

    def _of_temperature(self) -> Value:
        (calibrator,) = self.estimator.calibrators
        scores = self._scores
        if self._is_scored:
            logits = side_by_side([-scores, scores]) if self._is_of_two else scores
        else:
            logits = ((of_two(scores) if self._is_of_two else scores) + _EPS).log()
        return (logits * float(calibrator.beta_)).softmax()

    def _of_classes(self) -> Value:
        calibrated = [self.asked(calibrator, "predict", self._scores.columns([place])) for place, calibrator in enumerate(self.estimator.calibrators)]
        if self._is_of_two:
            return of_two(calibrated[0].wide())
        classes = self.estimator.classes
        known = np.searchsorted(classes, self.estimator.estimator.classes_)
        places = dict(zip(known, calibrated, strict=False))  # one that saw two classes of several has one score, which is taken for the first
        shares = stacked([places.get(place, calibrated[0] * 0) for place in range(len(classes))])
        total = shares.sum()
        is_nothing = total == 0
        return is_nothing.where(shares.constant(1 / len(classes)), shares / is_nothing.where(total.constant(1), total))

    @property
    def _is_of_two(self) -> bool:
        return len(self.estimator.classes) == 2

    @property
    def _is_scored(self) -> bool:
        return hasattr(self.estimator.estimator, "decision_function")

    @property
    def _scores(self) -> Value:
        """What is calibrated, [batch, classes], of a classifier of two [batch, 1]: the decision function, else probabilities."""
        inner: Any = self.estimator.estimator
        is_single = len(inner.classes_) == 2
        if self._is_scored:
            scores = self.asked(inner, "decision_function")
            return scores.flat().wide() if is_single else scores
        probabilities = self.asked(inner, "predict_proba")
        return probabilities.columns([1]) if is_single else probabilities


class Sigmoid(Expressed):
    """Platt's calibration."""

    def predict(self) -> Value:
        """Write the probabilities of scores [batch, 1]."""
        return (-(self.x * float(self.estimator.a_) + float(self.estimator.b_))).sigmoid().flat()


WRITERS: Mapping[type, type[Writer]] = {
    calibration.CalibratedClassifierCV: Mean,
    **dict.fromkeys(known(calibration, "_CalibratedClassifier"), Calibrated),
    **dict.fromkeys(known(calibration, "_SigmoidCalibration"), Sigmoid),
}
