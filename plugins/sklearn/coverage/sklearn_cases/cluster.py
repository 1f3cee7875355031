"""Clusters that new rows can belong to."""

import numpy as np
from sklearn import cluster

from sklearn_cases.case import cases

CASES = (
    *cases(cluster.AffinityPropagation, {"damping": 0.9}, {"preference": -50}),
    *cases(cluster.Birch, {"n_clusters": None}, {"threshold": 2.0}),
    *cases(cluster.BisectingKMeans, {"n_clusters": 3}, {"bisecting_strategy": "largest_cluster"}, random_state=0),
    *cases(cluster.BisectingKMeans, {"n_clusters": 30}, table="counts", random_state=0),
    *cases(cluster.FeatureAgglomeration, *({"pooling_func": each} for each in (np.max, np.min, np.median, np.sum))),
    *cases(cluster.FeatureAgglomeration, {"n_clusters": 3, "linkage": "average"}, {"n_clusters": 1}, table="diabetes"),
    *cases(cluster.KMeans, {"n_clusters": 3}, {"algorithm": "elkan"}, random_state=0),
    *cases(cluster.KMeans, {"n_clusters": 2}, {"n_clusters": 40}, table="positive", random_state=0),
    *cases(cluster.MeanShift, {"bandwidth": 4.0}, {"bin_seeding": True}),
    *cases(cluster.MiniBatchKMeans, {"n_clusters": 3}, {"reassignment_ratio": 0.1}, random_state=0),
)
