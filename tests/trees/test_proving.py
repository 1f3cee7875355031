"""How many rows prove an ensemble, and how many of them are led to splits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from converter.trees import Ensemble, are_led, decide, led, rows_to_prove

Make = Callable[..., Ensemble]


def test_a_small_ensemble_is_proven_by_the_usual_number_of_rows(ensemble_of: Make) -> None:
    assert rows_to_prove(ensemble_of(1, trees=1, depth=2)).usual == 512


def test_each_side_of_each_split_gets_a_row(ensemble_of: Make) -> None:
    ensemble = ensemble_of(2, trees=60, depth=7)
    splits = int((~ensemble.is_leaf).sum())
    axis = rows_to_prove(ensemble)
    assert 512 < axis.usual <= axis.high
    assert are_led(axis.usual).sum() >= 2 * splits


def test_a_large_ensemble_is_proven_by_as_many_rows_as_its_library_soon_answers(ensemble_of: Make) -> None:
    ensemble = ensemble_of(3, trees=1500, depth=6)
    axis = rows_to_prove(ensemble)
    assert axis.usual < (~ensemble.is_leaf).sum()
    assert axis.usual * ensemble.trees <= 1 << 20


def test_led_rows_come_to_more_leaves_than_rows_at_random(ensemble_of: Make) -> None:
    ensemble = ensemble_of(4, trees=20, depth=9)
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(rows_to_prove(ensemble).usual, 4)).astype(np.float32)
    come = led(ensemble, drawn, rng)
    np.testing.assert_array_equal(come[~are_led(len(drawn))], drawn[~are_led(len(drawn))])
    assert len(np.unique(decide(ensemble, come))) > 1.2 * len(np.unique(decide(ensemble, drawn)))
