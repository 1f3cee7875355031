"""Gaussian processes."""

from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process import kernels as gaussian

from sklearn_cases.case import cases

_SPREAD = gaussian.WhiteKernel(0.3)
_KERNELS = (
    gaussian.RBF([1.0 + place for place in range(10)]) + _SPREAD,
    2.0 * gaussian.Matern(3.0, nu=0.5) + _SPREAD,
    gaussian.Matern(3.0, nu=1.5) + _SPREAD,
    gaussian.Matern(3.0, nu=2.5) * gaussian.RBF(9.0) + _SPREAD,
    gaussian.Matern(3.0, nu=0.8) + _SPREAD,
    gaussian.RationalQuadratic(3.0, 0.7) + _SPREAD,
    gaussian.ExpSineSquared(2.0, 30.0) + _SPREAD,
    gaussian.DotProduct() ** 2 + _SPREAD,
    gaussian.PairwiseKernel(gamma=0.1, metric="laplacian") + _SPREAD,
)
_OF_CLASSES = tuple({"kernel": each} for each in (*_KERNELS[1:3], _KERNELS[5], gaussian.DotProduct() + _SPREAD))

CASES = (
    *cases(
        GaussianProcessRegressor,
        {"alpha": 0.1, "normalize_y": True},
        *({"kernel": each, "alpha": 0.1} for each in _KERNELS),
        table="diabetes",
        optimizer=None,
    ),
    *cases(GaussianProcessRegressor, {"normalize_y": True}, {"kernel": _KERNELS[3]}, table="linnerud"),
    *(case for table in ("words", "cancer") for case in cases(GaussianProcessClassifier, *_OF_CLASSES, table=table, optimizer=None)),
)
