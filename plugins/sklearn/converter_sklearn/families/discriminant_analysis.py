"""Discriminant analysis: classes as Gaussians, which share their covariance or not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.families.linear_model import Logistic
from converter_sklearn.formulas.kernels import whitened_distances


class Linear(Logistic):
    """Classes of one covariance: linear scores, and a projection that separates the classes."""

    def transform(self) -> Value:
        """Write the projection."""
        model = self.estimator
        centred = self.x - dense(model.xbar_) if model.solver == "svd" else self.x
        return affine(centred, dense(model.scalings_)[:, : model._max_components])


class Quadratic(Expressed):
    """Classes of a covariance each."""

    def predict(self) -> Value:
        """Write the classes."""
        return self.labels(self.scores.argmax())

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        return self.scores.softmax()

    def decision_function(self) -> Value:
        """Write the scores; of two classes how much larger the second's is."""
        return self.scores.column(1) - self.scores.column(0) if len(self.estimator.classes_) == 2 else self.scores

    @cached_property
    def scores(self) -> Value:
        """The logarithms of the posteriors, but for what all classes share, [batch, classes]."""
        model = self.estimator
        scalings = [dense(each) for each in model.scalings_]
        whitenings = [dense(rotation) * scaling**-0.5 for rotation, scaling in zip(model.rotations_, scalings, strict=True)]
        sizes = np.array([np.log(each).sum() for each in scalings])
        found: Value = whitened_distances(self.x, model.means_, whitenings) * -0.5 + (np.log(dense(model.priors_)) - sizes / 2)
        return found


WRITERS: Mapping[type, type[Writer]] = {LinearDiscriminantAnalysis: Linear, QuadraticDiscriminantAnalysis: Quadratic}
