"""Naive Bayes: the joint log likelihood of each class, whose exponentials are shared out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from sklearn import naive_bayes as bayes

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.formulas.kernels import summed


class Bayes(Expressed):
    """A classifier by joint log likelihoods."""

    def predict(self) -> Value:
        """Write the classes."""
        return self.labels(self.joint.argmax())

    def predict_proba(self) -> Value:
        """Write the probabilities."""
        return self.joint.softmax()

    @cached_property
    def joint(self) -> Value:
        """The logarithm of each class's likelihood times its prior, [batch, classes]."""
        raise NotImplementedError


class Gaussian(Bayes):
    """Each column has a mean and a variance in each class."""

    @cached_property
    def joint(self) -> Value:
        """The joint log likelihoods."""
        var = dense(self.estimator.var_)
        distances = summed(self.x, self.estimator.theta_, lambda row, mean: (row - mean) * (row - mean) / var[None])
        found: Value = distances * -0.5 + (np.log(dense(self.estimator.class_prior_)) - 0.5 * np.log(2 * np.pi * var).sum(axis=1))
        return found


class Multinomial(Bayes):
    """Each column is a count."""

    @cached_property
    def joint(self) -> Value:
        """The joint log likelihoods."""
        return affine(self.x, dense(self.estimator.feature_log_prob_).T, self.estimator.class_log_prior_)


class Complement(Bayes):
    """Each column is a count, and weighed by the rows of all other classes; the prior only counts for an only class."""

    @cached_property
    def joint(self) -> Value:
        """The joint log likelihoods."""
        prior = self.estimator.class_log_prior_ if len(self.estimator.classes_) == 1 else 0.0
        return affine(self.x, dense(self.estimator.feature_log_prob_).T, prior)


class Bernoulli(Bayes):
    """Each column is there or not."""

    @cached_property
    def joint(self) -> Value:
        """The joint log likelihoods."""
        threshold = self.estimator.binarize
        there = self.x if threshold is None else (self.x > threshold).cast(self.compute)
        yes = dense(self.estimator.feature_log_prob_)
        no = np.log(1 - np.exp(yes))
        return affine(there, (yes - no).T, self.estimator.class_log_prior_ + no.sum(axis=1))


class Categorical(Bayes):
    """Each column is a category by its number; one that no training row could have had is an error, as in scikit-learn."""

    @cached_property
    def joint(self) -> Value:
        """The joint log likelihoods."""
        tables = [dense(each) for each in self.estimator.feature_log_prob_]
        counts = np.array([each.shape[1] for each in tables])
        category = self.x.cast("int64")
        is_known = (category >= 0) & (category < counts)
        places = is_known.where(category + (np.cumsum(counts) - counts), int(counts.sum()))
        return self.constant(np.hstack(tables).T)[places].sum(1, keep=False) + dense(self.estimator.class_log_prior_)


WRITERS: Mapping[type, type[Writer]] = {
    bayes.GaussianNB: Gaussian,
    bayes.MultinomialNB: Multinomial,
    bayes.ComplementNB: Complement,
    bayes.BernoulliNB: Bernoulli,
    bayes.CategoricalNB: Categorical,
}
