"""Multi-layer perceptrons, and what a restricted Boltzmann machine makes of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from converter.writing import Value
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense, of_two

_ACTIVATIONS: Mapping[str, Callable[[Value], Value]] = {
    "identity": lambda value: value,
    "logistic": Value.sigmoid,
    "relu": Value.positive,
    "softmax": Value.softmax,
    "tanh": Value.tanh,
}


class Perceptron(Expressed):
    """Layers of weights, with a function after each."""

    @cached_property
    def activation(self) -> Value:
        """What the last layer gives, [batch, outputs]."""
        model, found = self.estimator, self.x
        functions = [model.activation] * (len(model.coefs_) - 1) + [model.out_activation_]
        for weights, bias, function in zip(model.coefs_, model.intercepts_, functions, strict=True):
            found = _ACTIVATIONS[function](affine(found, weights, bias))
        return found


class Regressor(Perceptron):
    """A regressor of one output or several."""

    def predict(self) -> Value:
        """Write the prediction."""
        return self.activation.flat() if self.estimator.n_outputs_ == 1 else self.activation


class Classifier(Perceptron):
    """A classifier of classes, or of several labels, each there or not."""

    def predict(self) -> Value:
        """Write the classes, or which labels are there."""
        kind = self.estimator._label_binarizer.y_type_
        if kind == "multiclass":
            return self.labels(self.activation.argmax())
        is_there = self.activation > 0.5
        return is_there.cast("int64") if kind.startswith("multilabel") else self.second(is_there.flat())

    def predict_proba(self) -> Value:
        """Write the probabilities of the classes, or of each label."""
        return of_two(self.activation) if self.estimator.n_outputs_ == 1 else self.activation


class Boltzmann(Expressed):
    """A restricted Boltzmann machine."""

    def transform(self) -> Value:
        """Write the probabilities of the hidden units."""
        return affine(self.x, dense(self.estimator.components_).T, self.estimator.intercept_hidden_).sigmoid()


WRITERS: Mapping[type, type[Writer]] = {MLPRegressor: Regressor, MLPClassifier: Classifier, BernoulliRBM: Boltzmann}
