"""Discriminant analysis."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from sklearn_cases.case import cases

CASES = (
    *(
        case
        for table in ("words", "cancer")
        for case in cases(
            LinearDiscriminantAnalysis, {"solver": "eigen", "shrinkage": "auto"}, {"solver": "svd", "n_components": 1}, {"tol": 0.5}, table=table
        )
    ),
    *cases(QuadraticDiscriminantAnalysis, {"reg_param": 0.5}, {"priors": [0.1, 0.1, 0.8]}, table="words"),
    *cases(QuadraticDiscriminantAnalysis, {"reg_param": 0.5}, {"priors": [0.1, 0.9]}, table="cancer", reg_param=0.1),
)
