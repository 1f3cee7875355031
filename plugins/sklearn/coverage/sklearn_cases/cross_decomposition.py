"""Projections that two tables share."""

from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from sklearn_cases.case import cases

CASES = (
    *(case for kind in (CCA, PLSCanonical, PLSRegression, PLSSVD) for case in cases(kind, {"n_components": 1}, {"scale": False}, table="linnerud")),
    *cases(PLSRegression, {"n_components": 5}, {"scale": False}, table="diabetes"),
)
