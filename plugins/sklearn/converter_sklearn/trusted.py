"""What a file may name without --trust: scikit-learn's estimators, the parts that they hold, and functions that only compute.

Estimators, kernels and splitters are allowed by their base class; steps of other packages, which have a Writer, by what their plugin says. What has no base in common is listed here, as scikit-learn 1.0 to 1.9 names it.
"""

from __future__ import annotations

import importlib
from types import FunctionType

from sklearn.base import BaseEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.model_selection import BaseCrossValidator

from converter.plugin import Allowed
from converter_sklearn.estimators import estimators_of

_LOSSES = ("AbsoluteError", "ExponentialLoss", "HalfBinomialLoss", "HalfGammaLoss", "HalfMultinomialLoss", "HalfPoissonLoss", "HalfSquaredError")
_MORE_LOSSES = ("HalfTweedieLoss", "HalfTweedieLossIdentity", "HuberLoss", "PinballLoss")
_LINKS = ("HalfLogitLink", "IdentityLink", "Interval", "LogLink", "LogitLink", "MultinomialLogit")
_SGD_LOSSES = ("EpsilonInsensitive", "Hinge", "Huber", "Log", "ModifiedHuber", "SquaredEpsilonInsensitive", "SquaredHinge", "SquaredLoss")
_DISTANCES = ("BrayCurtis", "Canberra", "Chebyshev", "Euclidean", "Hamming", "Haversine", "Jaccard", "Manhattan", "Minkowski")

_PARTS = (
    *(f"_loss.loss.{name}" for name in (*_LOSSES, *_MORE_LOSSES)),
    *(f"_loss._loss.Cy{name}" for name in (*_LOSSES, *_MORE_LOSSES)),
    *(f"_loss.link.{name}" for name in _LINKS),
    *(f"linear_model._sgd_fast.{name}" for name in _SGD_LOSSES),
    *(f"metrics._dist_metrics.{name}Distance{bits}" for name in _DISTANCES for bits in ("", "32", "64")),
    *(f"metrics._scorer.{name}" for name in ("_CurveScorer", "_PassthroughScorer", "_PredictScorer", "_ProbaScorer", "_Scorer", "_ThresholdScorer")),
    *(f"neural_network._stochastic_optimizers.{name}" for name in ("AdamOptimizer", "SGDOptimizer")),
    *(f"neighbors._{tree}.{name}{bits}" for tree, name in (("kd_tree", "KDTree"), ("ball_tree", "BallTree")) for bits in ("", "32", "64")),
    *(f"utils._metadata_requests.{name}" for name in ("MetadataRequest", "MethodMetadataRequest")),
    "calibration._CalibratedClassifier",
    "calibration._SigmoidCalibration",
    "cluster._birch._CFNode",
    "cluster._birch._CFSubcluster",
    "cluster._bisect_k_means._BisectingTree",
    "cluster._kmeans._kmeans_single_elkan",
    "cluster._kmeans._kmeans_single_lloyd",
    "ensemble._hist_gradient_boosting.binning._BinMapper",
    "ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "impute._iterative._ImputerTriplet",
    "tree._tree.Tree",
    "utils._bunch.Bunch",
)
_CALLS = (
    "_loss._loss.__pyx_unpickle_CyHalfMultinomialLoss",
    "metrics._dist_metrics.newObj",
    "neighbors._ball_tree.newObj",
    "neighbors._kd_tree.newObj",
)
_OTHERS = frozenset({"scipy.interpolate._bsplines.BSpline", "scipy._lib.array_api_compat.numpy._aliases.asarray"})
_COMPUTING_MODULES = (  # their functions are scores and distances, held by searches and selectors; loading calls none of them
    "sklearn.feature_selection._mutual_info",
    "sklearn.feature_selection._univariate_selection",
    "sklearn.metrics._classification",
    "sklearn.metrics._ranking",
    "sklearn.metrics._regression",
    "sklearn.metrics.pairwise",
)


class _Trusted(Allowed):
    """What scikit-learn's files may name, and what other plugins allow of the packages whose estimators they write."""

    def permits(self, module: str, name: str) -> bool:
        """Tell whether a file may name this; raises ImportError or AttributeError for a class that the installed packages do not have."""
        found = estimators_of(module)
        return super().permits(module, name) or (found is not None and found.allowed.permits(module, name))

    def stand_in(self, module: str, name: str) -> type | None:
        """Return the class that another plugin loads in place of the one that a file names, None where there is none."""
        found = estimators_of(module)
        return found.allowed.stand_in(module, name) if found is not None else None


def trusted() -> Allowed:
    """Return what pickles and skops files may name."""
    return _Trusted(
        calls=frozenset(f"sklearn.{name}" for name in _CALLS),
        names=_OTHERS.union((f"sklearn.{name}" for name in _PARTS), *map(_functions, _COMPUTING_MODULES)),
        bases=(BaseEstimator, Kernel, BaseCrossValidator),
        packages=("sklearn",),
        instead="save it with skops.io.dump",
    )


def _functions(module: str) -> set[str]:
    own = vars(importlib.import_module(module)).items()
    return {f"{module}.{name}" for name, value in own if isinstance(value, FunctionType) and value.__module__ == module and not name.startswith("_")}
