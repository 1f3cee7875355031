"""What an ensemble means, and which are damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.errors import UsageError
from converter.trees import Comparison, Ensemble, decide, scores

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]


def walked(ensemble: Ensemble, row: list[float], node: int) -> int:
    """The leaf that a row reaches, one comparison after the other, in plain Python."""
    while ensemble.yes[node] != node:
        x = row[ensemble.features[node]]
        if np.isnan(x):
            goes = ensemble.missing[node]
        elif ensemble.sets is not None and (asked := ensemble.sets[node]) >= 0:
            assert ensemble.set_starts is not None
            assert ensemble.set_members is not None
            goes = x in set(ensemble.set_members[ensemble.set_starts[asked] : ensemble.set_starts[asked + 1]].tolist())
        else:
            goes = x <= ensemble.thresholds[node] if ensemble.comparison is Comparison.LEQ else x < ensemble.thresholds[node]
        node = ensemble.yes[node] if goes else ensemble.no[node]
    return int(node)


@given(seed=st.integers(0, 10_000), comparison=st.sampled_from(Comparison), sets=st.booleans(), vectors=st.booleans(), targets=st.integers(1, 3))
def test_it_means_what_plain_python_says(
    ensemble_of: Make, rows_of: Rows, *, seed: int, comparison: Comparison, sets: bool, vectors: bool, targets: int
) -> None:
    ensemble = ensemble_of(seed, trees=4, comparison=comparison, sets=sets, vectors=vectors, targets=targets)
    rows = rows_of(ensemble, seed, "float64", rows=20)
    leaves = [[walked(ensemble, row, root) for root in ensemble.roots.tolist()] for row in rows.tolist()]
    assert decide(ensemble, rows).tolist() == leaves
    wanted = np.tile(ensemble.base, (len(rows), 1))
    for place, reached in enumerate(leaves):
        for leaf in reached:
            for entry in range(ensemble.leaf_starts[leaf], ensemble.leaf_starts[leaf + 1]):
                wanted[place, ensemble.leaf_targets[entry]] += ensemble.leaf_weights[entry]
    np.testing.assert_allclose(scores(ensemble, rows), wanted, rtol=1e-12, atol=1e-12)


def whole(**changes: Any) -> Ensemble:
    """One tree of three splits: of column 0, then of column 1 or a category of column 2."""
    sound = Ensemble(
        width=4,
        targets=1,
        roots=np.array([0]),
        features=np.array([0, 1, 0, 0, 2, 0, 0]),
        thresholds=np.zeros(7),
        yes=np.array([1, 2, 2, 3, 5, 5, 6]),
        no=np.array([4, 3, 2, 3, 6, 5, 6]),
        missing=np.zeros(7, bool),
        leaf_starts=np.array([0, 0, 0, 1, 2, 2, 3, 4]),
        leaf_targets=np.zeros(4, int),
        leaf_weights=np.ones(4),
        base=np.zeros(1),
        sets=np.array([-1, -1, -1, -1, 0, -1, -1]),
        set_starts=np.array([0, 2]),
        set_members=np.array([3, 5]),
    )
    return replace(sound, **changes)


DAMAGES: dict[str, tuple[dict[str, Any], str]] = {
    "thresholds": ({"thresholds": np.zeros(2)}, "its arrays have different lengths"),
    "children": ({"yes": np.zeros(8, int)}, "its arrays have different lengths"),
    "weights of nodes": ({"covers": np.ones(3)}, "its arrays have different lengths"),
    "sets of nodes": ({"sets": np.zeros(3, int)}, "its arrays have different lengths"),
    "starts of leaves": ({"leaf_starts": np.zeros(7, int)}, "its arrays have different lengths"),
    "no trees": ({"roots": np.empty(0, int)}, "its trees do not lie one after the other"),
    "a first tree that begins later": ({"roots": np.array([1])}, "its trees do not lie one after the other"),
    "trees in no order": ({"roots": np.array([0, 4, 4])}, "its trees do not lie one after the other"),
    "a tree behind all nodes": ({"roots": np.array([0, 7])}, "its trees do not lie one after the other"),
    "a child behind all nodes": ({"yes": np.full(7, 99)}, "a child lies outside its tree"),
    "a child before all nodes": ({"no": np.array([4, -3, 2, 3, 6, 5, 6])}, "a child lies outside its tree"),
    "a child in another tree": ({"roots": np.array([0, 4])}, "a child lies outside its tree"),
    "half a leaf": ({"yes": np.array([1, 1, 2, 3, 5, 5, 6])}, "a node is its own child on one side"),
    "a column too many": ({"features": np.full(7, 4)}, "a node asks for a feature that is none of the 4"),
    "a negative column": ({"features": np.full(7, -1)}, "a node asks for a feature that is none of the 4"),
    "a threshold that is no number": ({"thresholds": np.array([0, np.nan, 0, 0, 0, 0, 0])}, "a threshold is NaN"),
    "an inner node that adds": ({"leaf_starts": np.array([0, 1, 1, 1, 2, 2, 3, 4])}, "its leaves' entries are out of order"),
    "entries backwards": ({"leaf_starts": np.array([0, 0, 0, 2, 1, 1, 3, 4])}, "its leaves' entries are out of order"),
    "entries that begin later": ({"leaf_starts": np.array([1, 1, 1, 1, 2, 2, 3, 4])}, "its leaves' entries are out of order"),
    "a weight less": ({"leaf_weights": np.ones(3)}, "its leaves' entries are not as many as announced"),
    "a target more": ({"leaf_targets": np.zeros(5, int)}, "its leaves' entries are not as many as announced"),
    "a target that is none": ({"leaf_targets": np.array([0, 0, 1, 0])}, "a leaf adds to a target that is none of the 1"),
    "a base too wide": ({"base": np.zeros(5)}, "a leaf adds to a target that is none of the 1"),
    "a shared split": ({"no": np.array([1, 3, 2, 3, 6, 5, 6])}, "two nodes share a child that is no leaf"),
    "a circle": ({"yes": np.array([1, 0, 2, 3, 5, 5, 6])}, "its nodes run in a circle"),
    "no members": ({"set_members": None}, "its sets have no members"),
    "no starts of sets": ({"set_starts": None}, "its sets have no members"),
    "a set that is none": ({"sets": np.full(7, 1)}, "its sets are not as many as announced"),
    "members too few": ({"set_members": np.array([3])}, "its sets are not as many as announced"),
    "sets that begin later": ({"set_starts": np.array([1, 2])}, "its sets are not as many as announced"),
    "starts of no sets": ({"set_starts": np.empty(0, int)}, "its sets are not as many as announced"),
    "sets backwards": ({"set_starts": np.array([0, 2, 1, 2])}, "its sets are not as many as announced"),
    "a negative member": ({"set_members": np.array([-3, 5])}, "the members of a set are negative or not ascending"),
    "members in no order": ({"set_members": np.array([5, 3])}, "the members of a set are negative or not ascending"),
    "a member twice": ({"set_members": np.array([3, 3])}, "the members of a set are negative or not ascending"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_ensembles_are_refused(name: str) -> None:
    change, fault = DAMAGES[name]
    with pytest.raises(UsageError) as caught:
        whole(**change).check()
    assert caught.value.message == f"the tree ensemble is damaged: {fault}"
    assert caught.value.hint == "the file may be cut off, or its reader is at fault"


def test_sound_ensembles_are_not(ensemble_of: Make) -> None:
    whole().check()
    whole(sets=None, set_starts=None, set_members=None).check()
    whole(set_starts=np.array([0, 1, 2]), set_members=np.array([5, 3])).check()  # ascending in each set
    whole(yes=np.array([1, 2, 2, 3, 2, 5, 6])).check()  # leaves may be shared
    whole(thresholds=np.array([0, 0, 0, 0, np.nan, 0, 0])).check()  # at a set it means nothing
    for seed in range(20):
        ensemble_of(seed, sets=seed % 2 > 0, vectors=seed % 3 > 0, targets=2).check()
