"""How contenders are timed until enough is known: in turns, round after round, so that what the machine does meanwhile hits them alike."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from converter.benching.quantiles import calls_for, interval
from converter.errors import UsageError

Turn = Callable[[int], Sequence[float]]
"""Makes so many calls in a row and gives the seconds of each."""

TURN_SECONDS = 0.01  # of a turn of short calls
MOST_CALLS = 200  # in a turn
LEAST_ROUNDS = 20  # unless the time is up: calls of microseconds would else be judged by a tenth of a second
SETTLED = 0.05  # warm-up ends with a round in which no contender became faster by more than this share
WARM_UP_SHARE = 0.2  # of the time, at most
LOOK_EVERY = 10  # a look at what is known comes when the rounds have grown by a tenth
TAIL, TAIL_SHARE = 0.99, 1 / 3  # the calls that this quantile needs are waited for during this share of the time


@dataclass(frozen=True)
class Goal:
    """When enough is known: every median within `within` (a share of it) to either side at `confidence`; or `seconds` are over."""

    seconds: float = 10.0
    within: float = 0.02
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """See that it can be reached; raises UsageError."""
        for name, share in (("within", self.within), ("confidence", self.confidence)):
            if not 0 < share < 1:
                raise UsageError(f"{name} is {share:g}", hint="it is a share, between 0 and 1: within=0.02, confidence=0.95")
        if not self.seconds > 0:
            raise UsageError(f"seconds is {self.seconds:g}", hint="give a positive number of seconds for each size")


@dataclass(frozen=True)
class Sample:
    """The seconds of every counted call of a contender, turn by turn, and the median of each turn."""

    turns: tuple[tuple[float, ...], ...]
    medians: tuple[float, ...]

    @staticmethod
    def of(turns: Sequence[tuple[float, ...]]) -> Sample:
        """Return the sample of these turns."""
        return Sample(tuple(turns), tuple(median(turn) for turn in turns))

    @property
    def calls(self) -> tuple[float, ...]:
        """The seconds of every call."""
        return tuple(itertools.chain.from_iterable(self.turns))

    def quantile(self, quantile: float, confidence: float) -> float | None:
        """Return the seconds that this share of the calls stays below; None where they are too few to tell with this confidence."""
        calls = self.calls
        return float(np.quantile(calls, quantile)) if len(calls) >= calls_for(quantile, confidence) else None

    @property
    def median(self) -> float:
        """The median call, in seconds."""
        return float(np.median(self.calls))

    def half_width(self, confidence: float) -> float | None:
        """Return half the confidence interval of the median, as a share of it; None where the turns are too few.

        Calls in one turn follow each other and are no independent witnesses: each turn counts as one, by its median.
        """
        found = interval(self.medians, 0.5, confidence)
        return None if found is None else (found[1] - found[0]) / 2 / max(median(self.medians), 1e-12)

    def is_within(self, goal: Goal) -> bool:
        """Tell whether the median is known as well as wanted."""
        half_width = self.half_width(goal.confidence)
        return half_width is not None and half_width <= goal.within


@dataclass(frozen=True)
class Measured:
    """What came of a measurement: a sample of each contender, how many rounds and `seconds` it took, and whether it ended because enough was known."""

    samples: Mapping[str, Sample]
    rounds: int
    seconds: float
    is_certain: bool


def measure(turns: Mapping[str, Turn], goal: Goal, clock: Callable[[], float] = perf_counter) -> Measured:
    """Time the contenders until the goal is reached.

    In each round every contender has one turn, in an order drawn anew, so that none always follows the same other. A turn of short calls is some
    milliseconds long, and its first call does not count: it pays for the caches that the others left cold. One round is always counted.
    """
    start = clock()
    lengths = _warm_up(turns, lambda: clock() - start < WARM_UP_SHARE * goal.seconds)
    seen: dict[str, list[tuple[float, ...]]] = {name: [] for name in turns}
    order, shuffler = list(turns), random.Random(0)  # noqa: S311 - no secret
    rounds, next_look = 0, LEAST_ROUNDS
    while True:
        shuffler.shuffle(order)
        for name in order:
            seen[name].append(_turn(turns[name], lengths[name]))
        rounds += 1
        seconds = clock() - start
        if rounds < next_look and seconds < goal.seconds:
            continue
        next_look = rounds + 1 + rounds // LOOK_EVERY
        samples = {name: Sample.of(found) for name, found in seen.items()}
        is_certain = all(sample.is_within(goal) for sample in samples.values())
        wants_tail = seconds < TAIL_SHARE * goal.seconds and any(rounds * length < calls_for(TAIL, goal.confidence) for length in lengths.values())
        if seconds >= goal.seconds or (is_certain and not wants_tail):
            return Measured(samples, rounds, seconds, is_certain)


def _warm_up(turns: Mapping[str, Turn], may_go_on: Callable[[], bool]) -> dict[str, int]:
    """Let every contender run until none becomes faster any more; return how many calls of each make a turn."""
    best = dict.fromkeys(turns, math.inf)
    lengths = dict.fromkeys(turns, 1)
    while True:
        now = {name: median(_turn(turn, lengths[name])) for name, turn in turns.items()}
        is_settled = all(now[name] >= (1 - SETTLED) * best[name] for name in turns)
        best = {name: min(best[name], now[name]) for name in turns}
        lengths = {name: max(1, min(MOST_CALLS, int(TURN_SECONDS / max(best[name], 1e-9)))) for name in turns}
        if is_settled or not may_go_on():
            return lengths


def _turn(turn: Turn, calls: int) -> tuple[float, ...]:
    return tuple(turn(calls + 1)[1:]) if calls > 1 else tuple(turn(1))
