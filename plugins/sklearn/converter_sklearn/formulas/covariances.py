"""Covariance functions of Gaussian processes: the kernels of sklearn.gaussian_process, their sums, products and powers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import gamma, kv
from sklearn.gaussian_process import kernels as gaussian

from converter.writing import Value
from converter_sklearn.expressed import affine, dense
from converter_sklearn.formulas.kernels import KERNELS, kernel, power, squared_distances, summed

Covariance = Value | float
"""A value [batch, points] or [batch, 1], or a number that is the same everywhere."""

_DEGREE = 9
_WIDTH = 0.1  # of a piece on the logarithmic scale: its polynomial is exact to 1e-14
_LARGEST = 171.0  # smoothness whose gamma function is a double


def fault_of(covariance: Any) -> str:
    """Return why a covariance function cannot be written; "" where it can."""
    if type(covariance) in _PAIRS:
        return fault_of(covariance.k1) or fault_of(covariance.k2)
    if type(covariance) is gaussian.Exponentiation:
        return fault_of(covariance.kernel)
    if type(covariance) not in _BETWEEN:
        return f"its kernel has a {type(covariance).__name__}"
    if type(covariance) is gaussian.PairwiseKernel and covariance.metric not in KERNELS:
        return f"its kernel has the metric {covariance.metric!r}"
    is_too_smooth = type(covariance) is gaussian.Matern and _LARGEST < covariance.nu < np.inf
    return f"its kernel has the smoothness {covariance.nu}" if is_too_smooth else ""


def between(covariance: Any, x: Value, points: np.ndarray) -> Covariance:
    """Return the covariance of rows [batch, columns] with training rows [points, columns]: [batch, points]."""
    if type(covariance) in _PAIRS:
        return _PAIRS[type(covariance)](between(covariance.k1, x, points), between(covariance.k2, x, points))
    if type(covariance) is gaussian.Exponentiation:
        return between(covariance.kernel, x, points) ** float(covariance.exponent)
    return _BETWEEN[type(covariance)](covariance, x, points)


def of_itself(covariance: Any, x: Value) -> Covariance:
    """Return the variance of rows [batch, columns]: [batch, 1]."""
    if type(covariance) in _PAIRS:
        return _PAIRS[type(covariance)](of_itself(covariance.k1, x), of_itself(covariance.k2, x))
    if type(covariance) is gaussian.Exponentiation:
        return of_itself(covariance.kernel, x) ** float(covariance.exponent)
    of_its_kind = _OF_ITSELF.get(type(covariance))
    return 1.0 if of_its_kind is None else of_its_kind(covariance, x)


def _added(first: Covariance, second: Covariance) -> Covariance:
    if any(isinstance(each, float) and each == 0 for each in (first, second)):
        return second if isinstance(first, float) and first == 0 else first
    return first + second


def _times(first: Covariance, second: Covariance) -> Covariance:
    if any(isinstance(each, float) and each == 1 for each in (first, second)):
        return second if isinstance(first, float) and first == 1 else first
    return first * second


def _rbf(covariance: Any, x: Value, points: np.ndarray) -> Value:
    return (_squares(covariance, x, points) * -0.5).exp()


def _matern(covariance: Any, x: Value, points: np.ndarray) -> Value:
    if covariance.nu == np.inf:
        return _rbf(covariance, x, points)
    if covariance.nu not in _FACTORS:
        return _by_bessel(covariance.nu, _exact_squares(covariance, x, points).sqrt())
    scaled = _squares(covariance, x, points).sqrt() * float(np.sqrt(2 * covariance.nu))
    return (-scaled).exp() * _FACTORS[covariance.nu](scaled)


def _by_bessel(nu: float, distance: Value) -> Value:
    """A modified Bessel function of the second kind, by the logarithm of the distance, in which it is smooth from the smallest distance on."""
    least = np.finfo(np.float64).eps  # what scikit-learn takes for 0
    high = float(np.log(100 / np.sqrt(2 * nu) + 10))
    return _tabulated(distance.node("Max", least).log(), partial(_of_logarithm, nu), float(np.log(least)), high)


def _of_logarithm(nu: float, logarithm: np.ndarray) -> np.ndarray:
    scaled = np.sqrt(2 * nu) * np.exp(logarithm)
    found: np.ndarray = 2 ** (1 - nu) / gamma(nu) * scaled**nu * kv(nu, scaled)
    return found


def _rational(covariance: Any, x: Value, points: np.ndarray) -> Value:
    scaled = squared_distances(x, points) / float(2 * covariance.alpha * covariance.length_scale**2)
    return (scaled + 1) ** -float(covariance.alpha)


def _periodic(covariance: Any, x: Value, points: np.ndarray) -> Value:
    wave = (squared_distances(x, points).sqrt() * float(np.pi / covariance.periodicity)).node("Sin") / float(covariance.length_scale)
    return (wave * wave * -2).exp()


def _product(covariance: Any, x: Value, points: np.ndarray) -> Value:
    return affine(x, points.T, covariance.sigma_0**2)


def _product_variance(covariance: Any, x: Value) -> Value:
    return (x * x).sum() + float(covariance.sigma_0**2)


def _pairwise(covariance: Any, x: Value, points: np.ndarray) -> Value:
    return kernel(x, points, covariance.metric, covariance.gamma, **_settings(covariance))


def _pairwise_variance(covariance: Any, x: Value) -> Covariance:
    """The kernel of a row with itself."""
    if covariance.metric == "additive_chi2":
        return 0.0
    if covariance.metric == "cosine":
        return (x.norm() > 0).cast(x.dtype)
    if covariance.metric in {"chi2", "laplacian", "rbf"}:
        return 1.0
    square = (x * x).sum()
    if covariance.metric == "linear":
        return square
    settings = _settings(covariance)
    found = square * float(covariance.gamma) + settings["coef0"]
    return found.tanh() if covariance.metric == "sigmoid" else power(found, settings["degree"])


def _settings(covariance: Any) -> dict[str, float]:
    """Return what scikit-learn's function is told besides the scale."""
    given = covariance.pairwise_kernels_kwargs or {}
    return {name: float(given.get(name, default)) for name, default in (("degree", 3), ("coef0", 1))}


def _squares(covariance: Any, x: Value, points: np.ndarray) -> Value:
    """Return the squared distances in units of the length scale, one for all columns or one for each."""
    scale = np.atleast_1d(dense(covariance.length_scale))
    return squared_distances(x / scale, points / scale)


def _exact_squares(covariance: Any, x: Value, points: np.ndarray) -> Value:
    """The same for functions that are very steep at 0."""
    scale = np.atleast_1d(dense(covariance.length_scale))
    return summed(x / scale, points / scale, lambda row, point: (row - point) * (row - point))


def _tabulated(x: Value, function: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> Value:
    """Return a smooth function of each element, which stays what it is at the ends of a range: a polynomial in each of many pieces of the range."""
    pieces = int(np.ceil((high - low) / _WIDTH))
    scaled = (x.clip(low, high) - low) * (pieces / (high - low))
    piece = scaled.floor().node("Min", pieces - 1)
    place = piece.cast("int64")
    offset = (scaled - piece) * 2 - 1
    first, *others = reversed(_polynomials(function, low, high, pieces))
    total = x.constant(first)[place]
    for each in others:
        total = total * offset + x.constant(each)[place]
    return total


def _polynomials(function: Callable[[np.ndarray], np.ndarray], low: float, high: float, pieces: int) -> np.ndarray:
    """Return the coefficients [degree + 1, pieces] of polynomials from -1 to 1 that meet a function at the Chebyshev points of each piece."""
    points = chebyshev.chebpts1(_DEGREE + 1)
    width = (high - low) / pieces
    middles = low + (np.arange(pieces) + 0.5) * width
    series = np.linalg.solve(chebyshev.chebvander(points, _DEGREE), function(middles + points[:, None] * width / 2))
    powers = [np.pad(chebyshev.cheb2poly(np.eye(place + 1)[place]), (0, _DEGREE - place)) for place in range(_DEGREE + 1)]
    found: np.ndarray = np.transpose(powers) @ series
    return found


_FACTORS: dict[float, Callable[[Value], Covariance]] = {
    0.5: lambda _: 1.0,
    1.5: lambda scaled: scaled + 1,
    2.5: lambda scaled: scaled + 1 + scaled * scaled / 3,
}
_PAIRS = {gaussian.Sum: _added, gaussian.Product: _times}
_BETWEEN: dict[type, Callable[[Any, Value, np.ndarray], Covariance]] = {
    gaussian.ConstantKernel: lambda covariance, *_: float(covariance.constant_value),
    gaussian.WhiteKernel: lambda *_: 0.0,
    gaussian.RBF: _rbf,
    gaussian.Matern: _matern,
    gaussian.RationalQuadratic: _rational,
    gaussian.ExpSineSquared: _periodic,
    gaussian.DotProduct: _product,
    gaussian.PairwiseKernel: _pairwise,
}
_OF_ITSELF: dict[type, Callable[[Any, Value], Covariance]] = {
    gaussian.ConstantKernel: lambda covariance, _: float(covariance.constant_value),
    gaussian.WhiteKernel: lambda covariance, _: float(covariance.noise_level),
    gaussian.DotProduct: _product_variance,
    gaussian.PairwiseKernel: _pairwise_variance,
}
"""Of the others it is 1."""
