"""Random projections."""

from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from sklearn_cases.case import cases

CASES = (
    *cases(GaussianRandomProjection, {"n_components": 9}, n_components=4, random_state=0),
    *cases(SparseRandomProjection, {"density": 0.9}, {"dense_output": True, "n_components": 9}, n_components=4, random_state=0),
)
