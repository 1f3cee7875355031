"""Nearest neighbours."""

import numpy as np
from sklearn import neighbors

from sklearn_cases.case import cases

_METRICS = (
    {"metric": "manhattan"},
    {"metric": "chebyshev"},
    {"p": 3},
    {"p": 1.5, "metric_params": {"w": np.linspace(0.5, 2, 13)}},
    {"metric": "seuclidean", "metric_params": {"V": np.linspace(0.5, 2, 13)}},
    {"metric": "mahalanobis", "metric_params": {"VI": np.diag(np.linspace(0.5, 2, 13)) + 0.1}},
    {"metric": "canberra"},
    {"metric": "braycurtis"},
    {"metric": "cosine"},
    {"metric": "correlation"},
    {"metric": "nan_euclidean"},
)
_WEIGHTS = ({"weights": "distance"}, {"n_neighbors": 1}, {"algorithm": "brute"}, {"algorithm": "ball_tree", "n_neighbors": 9})

CASES = (
    *cases(neighbors.KNeighborsClassifier, *_WEIGHTS, *_METRICS, table="words"),
    *cases(neighbors.KNeighborsClassifier, *_WEIGHTS, table="cancer"),
    *cases(
        neighbors.KNeighborsClassifier,
        {"weights": "distance"},
        {"metric": "hamming", "algorithm": "ball_tree"},
        {"algorithm": "kd_tree"},
        table="labels",
    ),
    *cases(neighbors.KNeighborsRegressor, *_WEIGHTS, table="diabetes"),
    *cases(neighbors.KNeighborsRegressor, {"weights": "distance"}, {"metric": "manhattan", "algorithm": "brute"}, table="linnerud"),
    *cases(
        neighbors.RadiusNeighborsClassifier,
        {"weights": "distance"},
        {"metric": "manhattan", "radius": 12.0},
        table="words",
        radius=6.0,
        outlier_label="white",
    ),
    *cases(
        neighbors.RadiusNeighborsClassifier, {"outlier_label": 7}, {"algorithm": "brute"}, table="cancer", radius=2.0, outlier_label="most_frequent"
    ),
    *cases(neighbors.RadiusNeighborsClassifier, {"weights": "distance"}, table="labels", radius=0.9, outlier_label=0),
    *cases(neighbors.RadiusNeighborsRegressor, {"weights": "distance"}, {"algorithm": "brute"}, table="diabetes", radius=2.0),
    *cases(neighbors.RadiusNeighborsRegressor, {"weights": "distance"}, table="linnerud"),
    *cases(neighbors.NearestCentroid, {"metric": "manhattan"}, {"shrink_threshold": 0.2}, {"priors": "empirical"}, table="words"),
    *cases(neighbors.NearestCentroid, {"metric": "manhattan", "priors": [0.3, 0.7]}, {"priors": [0.3, 0.7]}, table="cancer"),
    *cases(neighbors.LocalOutlierFactor, {"n_neighbors": 5}, {"metric": "manhattan"}, {"contamination": 0.1, "algorithm": "brute"}, novelty=True),
    *cases(neighbors.KernelDensity, {"kernel": "exponential"}, {"bandwidth": 9.0, "metric": "manhattan"}, bandwidth=2.0),
    *cases(neighbors.KernelDensity, {"bandwidth": "scott"}, table="linnerud"),
    *(case for kernel in ("tophat", "epanechnikov", "linear", "cosine") for case in cases(neighbors.KernelDensity, kernel=kernel, bandwidth=9.0)),
    *cases(neighbors.NeighborhoodComponentsAnalysis, {"n_components": 2}, {"init": "identity"}, max_iter=5),
    *cases(neighbors.KNeighborsTransformer, {"mode": "connectivity"}, {"metric": "manhattan", "n_neighbors": 3}),
    *cases(neighbors.RadiusNeighborsTransformer, {"mode": "connectivity"}, {"metric": "manhattan", "radius": 9.0}, radius=3.0),
)
