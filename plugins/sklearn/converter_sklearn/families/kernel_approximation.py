"""Features whose products approximate a kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn import kernel_approximation as approximation
from sklearn.metrics.pairwise import KERNEL_PARAMS

from converter.writing import Value, side_by_side
from converter_sklearn.estimators import Writer
from converter_sklearn.expressed import Expressed, affine, dense
from converter_sklearn.formulas.kernels import kernel

_INTERVALS = {1: 0.8, 2: 0.5, 3: 0.4}  # of AdditiveChi2Sampler, by its steps


class Fourier(Expressed):
    """RBFSampler: cosines of random projections."""

    def transform(self) -> Value:
        """Write the features, [batch, components]."""
        return self._cosines(self.x)

    def _cosines(self, x: Value) -> Value:
        projected = affine(x, self.estimator.random_weights_, self.estimator.random_offset_)
        return projected.node("Cos") * float(np.sqrt(2 / self.estimator.n_components))


class Skewed(Fourier):
    """SkewedChi2Sampler: cosines of random projections of logarithms."""

    def transform(self) -> Value:
        """Write the features, [batch, components]."""
        return self._cosines((self.x + float(self.estimator.skewedness)).log())


class Additive(Expressed):
    """AdditiveChi2Sampler: samples of each column's Fourier transform."""

    def transform(self) -> Value:
        """Write the features, [batch, columns times (2 steps - 1)]."""
        return side_by_side(list(self._samples()))

    def _samples(self) -> Iterator[Value]:
        steps = self.estimator.sample_steps
        interval = float(self.estimator.sample_interval if self.estimator.sample_interval is not None else _INTERVALS[steps])
        is_nothing = self.x == 0
        some = is_nothing.where(self.constant(1), self.x)
        nothing, angle = self.constant(0), some.log() * interval
        yield (self.x * interval).sqrt()
        for step in range(1, steps):
            size = (self.x * (2 * interval / np.cosh(np.pi * step * interval))).sqrt()
            for operator in ("Cos", "Sin"):
                yield is_nothing.where(nothing, size * (angle * step).node(operator))


class Sketched(Expressed):
    """PolynomialCountSketch: the product of count sketches' Fourier transforms, transformed back."""

    def transform(self) -> Value:
        """Write the sketch, [batch, components]."""
        known = self.estimator
        grown = self.x * float(np.sqrt(known.gamma))
        if known.coef0:
            grown = side_by_side([grown, self.x.for_each_row([np.sqrt(known.coef0)])])
        real, imaginary = self._factor(grown, 0)
        for degree in range(1, known.degree):
            of_real, of_imaginary = self._factor(grown, degree)
            real, imaginary = real * of_real - imaginary * of_imaginary, real * of_imaginary + imaginary * of_real
        return side_by_side([real, imaginary]) @ self._back(known.n_components)

    def _factor(self, x: Value, degree: int) -> tuple[Value, Value]:
        """Return the Fourier transform of one sketch: real and imaginary parts, [batch, frequencies]."""
        places, signs = self.estimator.indexHash_[degree], self.estimator.bitHash_[degree]
        sketch = np.zeros((len(places), self.estimator.n_components))
        sketch[np.arange(len(places)), places] = signs
        waves = np.fft.rfft(sketch, axis=1)
        return x @ waves.real, x @ waves.imag

    @staticmethod
    def _back(count: int) -> np.ndarray:
        """Return what takes real parts, then imaginary ones, back, [frequencies of both, components]."""
        frequencies = np.eye(count // 2 + 1)
        return np.concatenate([np.fft.irfft(frequencies, count, axis=1), np.fft.irfft(frequencies * 1j, count, axis=1)])


class Sampled(Expressed):
    """Nystroem: the kernel with some of the training rows, by its inverse root."""

    @classmethod
    def fault(cls, estimator: Any) -> str:
        """Refuse kernels that are Python functions."""
        return "its kernel is a Python function" if callable(estimator.kernel) else ""

    def transform(self) -> Value:
        """Write the features, [batch, components]."""
        known = self.estimator
        values = self.x if known.kernel == "precomputed" else kernel(self.x, dense(known.components_), known.kernel, **self._options())
        return affine(values, dense(known.normalization_).T)

    def _options(self) -> dict[str, Any]:
        """Return those of its parameters that its kernel has."""
        own = {name: getattr(self.estimator, name) for name in ("gamma", "degree", "coef0")}
        given = {**(self.estimator.kernel_params or {}), **{name: each for name, each in own.items() if each is not None}}
        return {name: each for name, each in given.items() if name in KERNEL_PARAMS[self.estimator.kernel]}


WRITERS: Mapping[type, type[Writer]] = {
    approximation.AdditiveChi2Sampler: Additive,
    approximation.Nystroem: Sampled,
    approximation.PolynomialCountSketch: Sketched,
    approximation.RBFSampler: Fourier,
    approximation.SkewedChi2Sampler: Skewed,
}
