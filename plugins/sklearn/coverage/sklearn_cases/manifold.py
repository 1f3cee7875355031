"""Manifolds that new rows can be placed on."""

from sklearn import manifold

from sklearn_cases.case import cases

CASES = (
    *cases(
        manifold.Isomap,
        {"n_neighbors": 9, "n_components": 4},
        {"metric": "manhattan"},
        {"radius": 12.0, "n_neighbors": None},
        {"neighbors_algorithm": "brute"},
    ),
    *cases(manifold.LocallyLinearEmbedding, {"n_neighbors": 12, "n_components": 3}, {"reg": 0.1}, {"method": "modified", "n_neighbors": 9}),
)
