"""Support vector machines."""

from sklearn import svm
from sklearn.metrics.pairwise import chi2_kernel, laplacian_kernel

from sklearn_cases.case import cases

_KERNELS = ({"kernel": "linear"}, {"kernel": "poly", "degree": 2, "coef0": 1.0}, {"kernel": "sigmoid", "gamma": 0.01})
_OF_CLASSES = (*_KERNELS, {"gamma": "auto", "class_weight": "balanced"}, {"kernel": laplacian_kernel}, {"probability": True, "random_state": 0})
_OF_PAIRS = ({"decision_function_shape": "ovo"}, {"break_ties": True}, {"kernel": "linear", "probability": True, "random_state": 0})

CASES = (
    *(case for kind in (svm.SVC, svm.NuSVC) for table in ("words", "cancer") for case in cases(kind, *_OF_CLASSES, table=table)),
    *(case for kind in (svm.SVC, svm.NuSVC) for case in cases(kind, *_OF_PAIRS, table="words")),
    *cases(svm.SVC, {"kernel": chi2_kernel}, table="positive"),
    *(case for kind in (svm.SVR, svm.NuSVR) for case in cases(kind, *_KERNELS, {"C": 100.0, "gamma": 0.1}, table="diabetes")),
    *cases(svm.OneClassSVM, *_KERNELS, {"nu": 0.1}),
    *(case for table in ("words", "cancer") for case in cases(svm.LinearSVC, {"penalty": "l1"}, {"fit_intercept": False}, table=table)),
    *cases(svm.LinearSVR, {"loss": "squared_epsilon_insensitive"}, {"fit_intercept": False}, table="diabetes"),
)
