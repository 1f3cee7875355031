"""What needs no tree goes into the base or is left out; the scores of every row stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Ensemble, decide, scores
from converter.trees.constants import with_constants_in_base, without_zeros

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]


@given(seed=st.integers(0, 10_000), targets=st.integers(1, 3), vectors=st.booleans(), depth=st.integers(0, 3))
def test_trees_of_one_leaf_become_base(ensemble_of: Make, rows_of: Rows, *, seed: int, targets: int, vectors: bool, depth: int) -> None:
    before = ensemble_of(seed, targets=targets, vectors=vectors, depth=depth)
    after = with_constants_in_base(before)
    assert not after.is_leaf[after.roots].any()
    assert after.trees == before.trees - before.is_leaf[before.roots].sum()
    rows = rows_of(before, seed, "float32")
    np.testing.assert_allclose(scores(after, rows), scores(before, rows), rtol=1e-12, atol=1e-12)


def test_the_other_trees_stay_as_they_were(ensemble_of: Make, rows_of: Rows) -> None:
    before = ensemble_of(6, trees=20)
    alone = before.is_leaf[before.roots]
    assert 0 < alone.sum() < 20
    after = with_constants_in_base(before)
    rows = rows_of(before, 6, "float32")
    there, here = decide(before, rows)[:, ~alone], decide(after, rows)
    np.testing.assert_array_equal(after.leaf_weights[after.leaf_starts[here]], before.leaf_weights[before.leaf_starts[there]])
    assert before.base is not after.base
    np.testing.assert_array_equal(ensemble_of(6, trees=20).base, before.base)


def test_an_ensemble_without_constants_stays(ensemble_of: Make) -> None:
    whole = with_constants_in_base(ensemble_of(6, trees=20))
    assert with_constants_in_base(whole) is whole


@given(seed=st.integers(0, 10_000), targets=st.integers(1, 3), vectors=st.booleans(), share=st.sampled_from([0.0, 0.3, 1.0]))
def test_weights_of_zero_are_left_out(ensemble_of: Make, rows_of: Rows, *, seed: int, targets: int, vectors: bool, share: float) -> None:
    plain = ensemble_of(seed, targets=targets, vectors=vectors)
    rng = np.random.default_rng(seed)
    before = replace(plain, leaf_weights=np.where(rng.random(len(plain.leaf_weights)) < share, 0.0, plain.leaf_weights))
    after = without_zeros(before)
    after.check()
    counts = np.diff(after.leaf_starts)
    assert (counts[after.is_leaf] >= 1).all()
    owner = np.repeat(np.arange(after.nodes), counts)
    assert (counts[owner[after.leaf_weights == 0]] == 1).all()
    rows = rows_of(before, seed, "float32")
    np.testing.assert_array_equal(decide(after, rows), decide(before, rows))
    np.testing.assert_allclose(scores(after, rows), scores(before, rows), rtol=1e-12, atol=1e-12)


def test_a_leaf_without_weights_gets_one_of_zero(ensemble_of: Make) -> None:
    plain = ensemble_of(2)
    silent = replace(plain, leaf_starts=np.zeros_like(plain.leaf_starts), leaf_targets=np.empty(0, int), leaf_weights=np.empty(0))
    silent.check()
    found = without_zeros(silent)
    found.check()
    np.testing.assert_array_equal(np.diff(found.leaf_starts), plain.is_leaf)
    assert not found.leaf_weights.any()


def test_a_leaf_that_adds_nothing_keeps_its_target(ensemble_of: Make) -> None:
    """A tree that adds to one target alone stays such a tree."""
    plain = ensemble_of(2, trees=9, targets=3)
    found = without_zeros(replace(plain, leaf_weights=np.zeros_like(plain.leaf_weights)))
    np.testing.assert_array_equal(found.leaf_targets, plain.leaf_targets)
