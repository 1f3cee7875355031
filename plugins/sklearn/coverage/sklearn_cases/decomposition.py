"""Decompositions."""

import numpy as np
from sklearn import decomposition

from sklearn_cases.case import TABLES, cases

_ATOMS = TABLES["wine"]().rows[:6] / np.linalg.norm(TABLES["wine"]().rows[:6], axis=1, keepdims=True)
_KERNELS = ({"kernel": "poly", "degree": 2}, {"kernel": "rbf"}, {"kernel": "sigmoid", "gamma": 1e-5, "coef0": 0.0}, {"kernel": "cosine"})
_NMF = {"n_components": 4, "random_state": 0}
_FEW = {"n_components": 5, "random_state": 0, "max_iter": 20}
_CODES = (
    {"transform_algorithm": "threshold"},
    {"transform_algorithm": "lasso_cd", "split_sign": True},
    {"transform_algorithm": "lasso_lars", "transform_alpha": 0.3},
    {"transform_n_nonzero_coefs": 3},
)

CASES = (
    *cases(decomposition.PCA, {"n_components": 3, "whiten": True}, {"n_components": 0.8}, {"svd_solver": "randomized", "n_components": 2}),
    *cases(decomposition.IncrementalPCA, {"n_components": 3, "whiten": True}, {"batch_size": 20}),
    *cases(decomposition.KernelPCA, *_KERNELS, {"kernel": "rbf", "gamma": 0.2, "n_components": 3, "remove_zero_eig": True}),
    *cases(decomposition.TruncatedSVD, {"n_components": 5}, {"algorithm": "arpack"}, random_state=0),
    *cases(decomposition.FactorAnalysis, {"n_components": 3}, {"rotation": "varimax", "n_components": 2}),
    *cases(decomposition.FastICA, {"n_components": 3}, {"whiten": "arbitrary-variance"}, {"whiten": False}, random_state=0),
    *cases(decomposition.SparsePCA, {"n_components": 3}, {"ridge_alpha": 1.0}, max_iter=20),
    *cases(decomposition.MiniBatchSparsePCA, {"n_components": 3}, {"alpha": 0.1}, random_state=0, max_iter=20),
    *cases(decomposition.NMF, {"init": "random"}, {"alpha_W": 0.01, "l1_ratio": 0.5}, {"tol": 0.0, "max_iter": 15}, table="positive", **_NMF),
    *cases(
        decomposition.NMF,
        *({"beta_loss": each} for each in ("kullback-leibler", "itakura-saito", 0.5, 1.5, 3.0)),
        {"max_iter": 25, "tol": 1e-9},
        {"tol": 0.0, "max_iter": 7, "alpha_W": 0.01, "l1_ratio": 0.5},
        table="positive",
        solver="mu",
        **_NMF,
    ),
    *cases(decomposition.MiniBatchNMF, {"beta_loss": "kullback-leibler"}, {"alpha_W": 0.01, "transform_max_iter": 50}, table="positive", **_NMF),
    *cases(
        decomposition.LatentDirichletAllocation,
        {"learning_method": "online"},
        {"max_doc_update_iter": 5, "doc_topic_prior": 0.5},
        table="counts",
        n_components=4,
        random_state=0,
    ),
    *cases(decomposition.DictionaryLearning, *_CODES, **_FEW),
    *cases(decomposition.MiniBatchDictionaryLearning, *_CODES, **_FEW),
    *cases(
        decomposition.DictionaryLearning,
        {"transform_algorithm": "threshold"},
        fit_algorithm="cd",
        transform_algorithm="lasso_cd",
        positive_code=True,
        **_FEW,
    ),
    *cases(decomposition.SparseCoder, *_CODES, {"positive_code": True, "transform_algorithm": "lasso_cd"}, dictionary=_ATOMS),
)
