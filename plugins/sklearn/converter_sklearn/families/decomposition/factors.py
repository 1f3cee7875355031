"""Non-negative factors: W of a row X, so that W times the components comes near X. It depends on the rows beside, which share the end of the search."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.writing import Value, loop
from converter_sklearn.expressed import Expressed, dense
from converter_sklearn.families.decomposition.descent import descended

_LEAST = float(np.finfo(np.float32).eps)  # EPSILON of sklearn.decomposition._nmf
_CHECKED = 10  # steps between two looks at the error
_LOSSES = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}


class Factoring(Expressed):
    """Non-negative factorisation with given components."""

    @property
    def components(self) -> np.ndarray:
        """The components, [components, columns]."""
        return dense(self.estimator.components_)

    @property
    def penalties(self) -> tuple[float, float]:
        """The weights of the factors' sum, and of half the sum of their squares."""
        first, _, second, _ = self.estimator._compute_regularization(np.zeros((1, self.components.shape[1])))
        return float(first), float(second)

    def inverse_transform(self) -> Value:
        """Write the columns that factors stand for."""
        return self.x @ self.components

    @property
    def level(self) -> Value:
        """Equal factors with which a search begins, [batch, components]."""
        mean = self.x.flat().mean(0)
        return self.x.for_each_row(np.ones(len(self.components))) * (mean / float(len(self.components))).sqrt()


class Factored(Factoring):
    """NMF, by coordinate descent or by multiplicative updates."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Return that it draws the order of its steps."""
        return "with shuffle=True it draws the order of its steps" if estimator.solver == "cd" and estimator.shuffle else ""

    def transform(self) -> Value:
        """Write the factors, [batch, components]."""
        return self._by_coordinates() if self.estimator.solver == "cd" else self._by_multiplication()

    def _by_coordinates(self) -> Value:
        """`sklearn.decomposition._cdnmf_fast`: until what still pulls is small beside what pulled first."""
        first_penalty, second_penalty = self.penalties
        curvatures = self.components @ self.components.T + second_penalty * np.eye(len(self.components))
        pull = (self.x @ self.components.T - first_penalty).transposed(1, 0)

        def step(number: Value, factors: Value, first: Value) -> tuple[Value, list[Value]]:
            slopes = self.constant(curvatures) @ factors - pull
            found, seen = descended(factors, slopes, curvatures, lambda factor, slope, curvature: (factor - slope / curvature).positive())
            rest = abs((factors == 0).where(-(-seen).positive(), seen)).flat().sum(0, keep=False)
            first = (number == 0).where(rest, first)
            return ~((first == 0) | (rest / first <= float(self.estimator.tol))), [found, first]

        return loop(step, [pull * 0, self.constant(0.0)], self.estimator.max_iter)[0].transposed(1, 0)

    def _by_multiplication(self) -> Value:
        update = Multiplication(self)
        if not self.estimator.tol:
            return update.repeated(self.level, self.estimator.max_iter)
        first = update.error(self.level)

        def step(number: Value, factors: Value, before: Value) -> tuple[Value, list[Value]]:
            left = (number * -_CHECKED + self.estimator.max_iter).node("Min", _CHECKED)
            found = update.repeated(factors, left)
            error = update.error(found)
            return (before - error) / first >= float(self.estimator.tol), [found, error]

        return loop(step, [self.level, first], -(-self.estimator.max_iter // _CHECKED))[0]


class MiniBatchFactored(Factoring):
    """MiniBatchNMF: multiplicative updates until the factors change little."""

    def transform(self) -> Value:
        """Write the factors, [batch, components]."""
        update = Multiplication(self)
        most = self.estimator.transform_max_iter or self.estimator.max_iter
        if not self.estimator.tol:
            return update.repeated(self.level, most)

        def step(_: Value, factors: Value) -> tuple[Value, list[Value]]:
            found = update.once(factors)
            return _length(found - factors) / _length(found) > float(self.estimator.tol), [found]

        return loop(step, [self.level], most)[0]


class Multiplication:
    """Multiplicative updates of factors that lower a beta divergence, as `_multiplicative_update_w` of `sklearn.decomposition._nmf` does."""

    def __init__(self, writer: Factoring) -> None:
        self.writer = writer
        self.x = writer.x
        self.components = writer.components
        loss = writer.estimator.beta_loss
        self.beta = float(_LOSSES.get(loss, loss))
        self.forgets = self.beta < 1 and isinstance(writer, Factored)
        self.power = 1 / (2 - self.beta) if self.beta < 1 else 1 / (self.beta - 1) if self.beta > 2 else 1.0
        self.numerator = self.x @ self.components.T if self.beta == 2 else None

    def repeated(self, factors: Value, times: int | Value) -> Value:
        """Return factors after so many updates."""
        always = self.x.constant(True, "bool")
        return loop(lambda _, factors: (always, [self.once(factors)]), [factors], times)[0]

    def once(self, factors: Value) -> Value:
        """Return factors after one update."""
        numerator, denominator = self._parts(factors)
        first, second = self.writer.penalties
        denominator = denominator + first if first else denominator
        denominator = denominator + factors * second if second else denominator
        share = numerator / (denominator == 0).where(factors.constant(_LEAST), denominator)
        found = factors * (share if self.power == 1 else share**self.power)
        return (found < np.finfo(np.float64).eps).where(found.constant(0), found) if self.forgets else found

    def _parts(self, factors: Value) -> tuple[Value, Value]:
        if self.numerator is not None:
            return self.numerator, factors @ (self.components @ self.components.T)
        found = factors @ self.components
        safe = found.node("Max", _LEAST) if self.beta < 2 else found
        share = self.x / safe if self.beta == 1 else self.x * safe ** (self.beta - 2)
        if self.beta == 1:
            return share @ self.components.T, factors.constant(self.components.sum(axis=1)[None])
        return share @ self.components.T, (safe if self.beta < 1 else found) ** (self.beta - 1) @ self.components.T

    def error(self, factors: Value) -> Value:
        """Return the root of twice the divergence of all rows, of no axis: `_beta_divergence`."""
        found = factors @ self.components
        if self.beta == 2:
            return _length(self.x - found)
        is_counted = self.x > _LEAST
        safe = is_counted.where(found.node("Max", _LEAST), 1)
        x = is_counted.where(self.x, 1)  # and 1 beside 1 adds nothing that is not taken off again
        counted = is_counted.cast(x.dtype)
        if self.beta == 1:
            terms = counted * x * (x / safe).log() + found - counted * x
        elif self.beta == 0:
            terms = counted * (x / safe - (x / safe).log()) - 1
        else:
            joint = counted * (x**self.beta - safe ** (self.beta - 1) * x * self.beta)
            terms = (joint + found**self.beta * (self.beta - 1)) / (self.beta * (self.beta - 1))
        return (terms.flat().sum(0, keep=False).positive() * 2).sqrt()


def _length(values: Value) -> Value:
    """Return the root of the sum of all squares, of no axis."""
    return (values * values).flat().sum(0, keep=False).sqrt()
