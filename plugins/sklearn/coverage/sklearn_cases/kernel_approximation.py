"""Features whose products approximate a kernel."""

from sklearn import kernel_approximation as approximation

from sklearn_cases.case import cases

CASES = (
    *cases(approximation.AdditiveChi2Sampler, {"sample_steps": 1}, {"sample_steps": 4, "sample_interval": 0.3}, {"sample_steps": 3}, table="counts"),
    *cases(
        approximation.Nystroem,
        {"kernel": "laplacian", "n_components": 20},
        {"kernel": "poly", "degree": 2, "coef0": 0.5, "gamma": 0.1},
        {"kernel": "sigmoid", "gamma": 0.01},
        {"kernel": "cosine", "n_components": 10},
        {"kernel": "linear", "n_components": 10},
        {"kernel": "rbf", "gamma": 3.0},
        {"kernel": "polynomial", "kernel_params": {"degree": 3}, "n_components": 30},
        random_state=0,
    ),
    *cases(approximation.Nystroem, {"kernel": "additive_chi2"}, {"gamma": 0.3}, kernel="chi2", n_components=15, random_state=0, table="positive"),
    *cases(approximation.Nystroem, kernel="precomputed", n_components=89, table="kernels"),
    *cases(approximation.PolynomialCountSketch, {"degree": 3, "coef0": 1.5, "gamma": 0.2}, {"n_components": 33, "degree": 1}, random_state=0),
    *cases(approximation.RBFSampler, {"gamma": "scale"}, {"n_components": 7, "gamma": 0.1}, random_state=0),
    *cases(approximation.SkewedChi2Sampler, {"skewedness": 0.1}, {"n_components": 7}, random_state=0, table="positive"),
)
