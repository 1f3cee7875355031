"""Only those copies of the columns are made that the trees read; the leaf of every row stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converter.trees import Ensemble
from converter.trees.copies import FILLED, NEGATED, NEGATED_FILLED, PLAIN, copies_of, with_copies

Make = Callable[..., Ensemble]
Rows = Callable[..., np.ndarray]
Named = Callable[[Ensemble], Ensemble]
COPIES = (PLAIN, NEGATED, FILLED, NEGATED_FILLED)


@given(seed=st.integers(0, 10_000), read=st.sets(st.sampled_from(COPIES), min_size=1))
def test_the_copies_that_are_read_keep_the_leaf_of_every_row(
    ensemble_of: Make, rows_of: Rows, named: Named, said: Rows, *, seed: int, read: set[int]
) -> None:
    plain = named(ensemble_of(seed, trees=8))
    which = np.random.default_rng(seed).choice(sorted(read), plain.nodes)
    before = replace(plain, width=4 * plain.width, features=plain.features + which * plain.width)
    copies = copies_of(before)
    assert copies == tuple(sorted(set(which[~plain.is_leaf].tolist())))
    after = with_copies(before, copies)
    after.check()
    assert after.width == len(copies) * plain.width
    rows = rows_of(plain, seed, "float32")
    all_four = np.concatenate([rows + copy for copy in COPIES], axis=1)  # each copy has values of its own
    parts = [all_four[:, copy * plain.width : (copy + 1) * plain.width] for copy in copies]
    if parts:
        np.testing.assert_array_equal(said(after, np.concatenate(parts, axis=1)), said(before, all_four))


def test_what_leaves_read_does_not_count(ensemble_of: Make) -> None:
    plain = ensemble_of(1)
    features = np.where(plain.is_leaf, 3 * plain.width, plain.features)
    assert copies_of(replace(plain, width=4 * plain.width, features=features)) == (PLAIN,)
