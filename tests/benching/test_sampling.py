"""When a measurement ends, in what order its contenders run, and what counts: on a clock that only the contenders move."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.benching.quantiles import calls_for
from converter.benching.sampling import LEAST_ROUNDS, MOST_CALLS, TAIL_SHARE, TURN_SECONDS, Goal, measure
from converter.errors import UsageError

Noisy = Callable[..., Callable[[int], float]]


@pytest.mark.parametrize(
    ("goal", "message", "hint"),
    [
        ({"within": 0.0}, "within is 0", "it is a share, between 0 and 1: within=0.02, confidence=0.95"),
        ({"confidence": 95}, "confidence is 95", "it is a share, between 0 and 1: within=0.02, confidence=0.95"),
        ({"within": math.nan}, "within is nan", "it is a share, between 0 and 1: within=0.02, confidence=0.95"),
        ({"seconds": 0}, "seconds is 0", "give a positive number of seconds for each size"),
        ({"seconds": math.nan}, "seconds is nan", "give a positive number of seconds for each size"),
    ],
)
def test_a_goal_that_makes_no_sense(goal: dict[str, float], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Goal(**goal)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_equal_calls_end_after_the_least_rounds(bench: Any) -> None:
    measured = measure({"slow": bench.contender("slow", lambda _: 1.0)}, Goal(seconds=1000), bench.clock)
    assert measured.is_certain
    assert measured.samples["slow"].half_width(0.95) == 0
    assert measured.seconds >= TAIL_SHARE * 1000  # p99 was waited for that long
    quick = measure({"quick": bench.contender("quick", lambda _: 1e-4)}, Goal(seconds=1000), bench.clock)
    assert quick.rounds == LEAST_ROUNDS
    assert quick.seconds < 1


@pytest.mark.parametrize("seed", range(5))
def test_the_goal_is_reached_within_the_stated_width(bench: Any, noisy: Noisy, seed: int) -> None:
    goal = Goal(seconds=60, within=0.02)
    turns = {name: bench.contender(name, noisy(middle, 0.1, seed + place)) for place, (name, middle) in enumerate({"a": 0.02, "b": 0.03}.items())}
    measured = measure(turns, goal, bench.clock)
    assert measured.is_certain
    assert measured.seconds < goal.seconds
    for name, middle in {"a": 0.02, "b": 0.03}.items():
        half = measured.samples[name].half_width(goal.confidence)
        assert half is not None
        assert half <= goal.within
        assert abs(measured.samples[name].median / middle - 1) < 2 * goal.within


def test_a_wider_goal_takes_fewer_rounds(bench: Any, noisy: Noisy) -> None:
    rounds = [
        measure({"a": bench.contender("a", noisy(0.02, 0.3))}, Goal(seconds=1e6, within=within), bench.clock).rounds for within in (0.005, 0.02, 0.1)
    ]
    assert rounds == sorted(rounds, reverse=True)


def test_the_time_ends_what_noise_would_not(bench: Any, noisy: Noisy) -> None:
    measured = measure({"a": bench.contender("a", noisy(0.02, 2.0)), "b": bench.contender("b", lambda _: 0.01)}, Goal(seconds=2), bench.clock)
    assert not measured.is_certain
    assert 2 <= measured.seconds < 4
    assert measured.rounds == len(measured.samples["a"].turns) == len(measured.samples["b"].turns)


def test_one_round_is_counted_however_slow(bench: Any) -> None:
    measured = measure({"a": bench.contender("a", lambda _: 100.0)}, Goal(seconds=1), bench.clock)
    assert (measured.rounds, measured.is_certain) == (1, False)
    sample = measured.samples["a"]
    assert (sample.median, sample.half_width(0.95), sample.quantile(0.9, 0.95)) == (100.0, None, None)


def test_warm_up_lasts_until_nobody_becomes_faster(bench: Any) -> None:
    falling = bench.contender("a", lambda number: max(1.0, 10 - number))  # the tenth call is the first of the fast ones
    measured = measure({"a": falling}, Goal(seconds=1000), bench.clock)
    assert set(measured.samples["a"].calls) == {1.0}


def test_warm_up_of_what_never_settles_ends_as_well(bench: Any) -> None:
    measured = measure({"a": bench.contender("a", lambda number: 2.0 * 0.9**number)}, Goal(seconds=10), bench.clock)
    assert measured.rounds >= 1


def test_all_contenders_have_a_turn_in_each_round_and_none_a_fixed_neighbour(bench: Any) -> None:
    names = ["a", "b", "c"]
    measured = measure({name: bench.contender(name, lambda _: 0.5) for name in names}, Goal(seconds=300, within=1e-9), bench.clock)
    counted = [name for name, _ in bench.order[-3 * measured.rounds :]]
    rounds = [counted[start : start + 3] for start in range(0, len(counted), 3)]
    assert all(sorted(each) == names for each in rounds)
    assert set(Counter(pairwise(counted))) >= {(one, other) for one in names for other in names if one != other}


def test_the_order_of_the_turns_is_the_same_every_time(bench: Any) -> None:
    orders = []
    for _ in range(2):
        bench.order.clear()
        measure({name: bench.contender(name, lambda _: 0.5) for name in "abc"}, Goal(seconds=100), bench.clock)
        orders.append(list(bench.order))
    assert orders[0] == orders[1]


def test_short_calls_have_long_turns_whose_first_call_does_not_count(bench: Any) -> None:
    cold = bench.contender("cold", lambda _: 2e-3)
    measured = measure({"cold": cold}, Goal(seconds=1000), bench.clock)
    assert {calls for _, calls in bench.order[-measured.rounds :]} == {int(TURN_SECONDS / 2e-3) + 1}
    assert {len(turn) for turn in measured.samples["cold"].turns} == {int(TURN_SECONDS / 2e-3)}
    tiny = measure({"tiny": bench.contender("tiny", lambda _: 1e-6)}, Goal(seconds=1000), bench.clock)
    assert {len(turn) for turn in tiny.samples["tiny"].turns} == {MOST_CALLS}


def test_the_first_call_of_a_turn_may_be_as_slow_as_it_likes(bench: Any) -> None:
    def turn(calls: int) -> list[float]:
        bench.now += calls * 1e-4
        return [1.0 if number == 0 and calls > 1 else 1e-4 for number in range(calls)]

    assert set(measure({"a": turn}, Goal(seconds=1000), bench.clock).samples["a"].calls) == {1e-4}


def test_calls_of_one_turn_are_one_witness(bench: Any) -> None:
    """Turns differ and their calls do not: as many calls as there are would make the median look certain."""
    levels = iter(range(10_000))

    def turn(calls: int) -> list[float]:
        level = 1e-4 * (1 + next(levels) % 10 / 10)
        bench.now += calls * level
        return [level] * calls

    measured = measure({"a": turn}, Goal(seconds=0.2), bench.clock)
    half = measured.samples["a"].half_width(0.95)
    assert len(measured.samples["a"].calls) > 300
    assert half is None or half > 0.1


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=4), st.floats(0.01, 100), st.integers(0, 2**31))
def test_whatever_is_measured_ends_and_is_counted(middles: list[float], seconds: float, seed: int) -> None:
    import numpy as np

    now = 0.0
    rng = np.random.default_rng(seed)

    def contender(middle: float) -> Callable[[int], list[float]]:
        def turn(calls: int) -> list[float]:
            nonlocal now
            taken = (middle * np.exp(rng.standard_normal(calls))).tolist()
            now += sum(taken)
            return taken

        return turn

    goal = Goal(seconds=seconds, within=0.05)
    measured = measure({str(place): contender(middle) for place, middle in enumerate(middles)}, goal, lambda: now)
    assert measured.rounds >= 1
    assert measured.is_certain or measured.seconds >= goal.seconds
    for sample in measured.samples.values():
        assert len(sample.turns) == len(sample.medians) == measured.rounds
        assert min(sample.calls) <= sample.median <= max(sample.calls)
        assert (sample.quantile(0.99, 0.95) is None) == (len(sample.calls) < calls_for(0.99, 0.95))
