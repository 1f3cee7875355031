"""Mixtures of Gaussians."""

from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from sklearn_cases.case import cases

_SHAPES = tuple({"n_components": 3, "covariance_type": each} for each in ("full", "tied", "diag", "spherical"))
_PRIORS = ({"n_components": 3, "weight_concentration_prior_type": "dirichlet_distribution"},)

CASES = (
    *cases(GaussianMixture, *_SHAPES, {"n_components": 2, "reg_covar": 0.1}, random_state=0),
    *cases(BayesianGaussianMixture, *_SHAPES, *_PRIORS, random_state=0),
)
