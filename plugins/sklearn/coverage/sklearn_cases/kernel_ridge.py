"""Ridge regression over a kernel."""

from sklearn.kernel_ridge import KernelRidge

from sklearn_cases.case import cases

_KERNELS = ("rbf", "laplacian", "poly", "sigmoid", "cosine")

CASES = (
    *cases(KernelRidge, *({"kernel": each, "gamma": 0.05} for each in _KERNELS), {"kernel": "poly", "degree": 2, "coef0": 0.5}, table="diabetes"),
    *cases(KernelRidge, *({"kernel": each, "gamma": 0.5} for each in ("chi2", "additive_chi2")), table="positive"),
    *cases(KernelRidge, {"kernel": "rbf"}, {"alpha": 0.1}, table="linnerud"),
)
