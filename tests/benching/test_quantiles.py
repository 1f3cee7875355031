"""Ranks that enclose a quantile: held against the binomial distribution itself, and against values of which the quantile is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.benching.quantiles import calls_for, interval, ranks


def below(count: int, quantile: float, most: int) -> float:
    """P(at most `most` of `count` independent values are below the quantile), term by term."""
    return sum(math.comb(count, k) * quantile**k * (1 - quantile) ** (count - k) for k in range(most + 1))


@given(st.integers(1, 300), st.sampled_from([0.5, 0.9, 0.99]), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_ranks_are_the_narrowest_with_half_of_the_risk_on_each_side(count: int, quantile: float, confidence: float) -> None:
    risk = (1 - confidence) / 2
    found = ranks(count, quantile, confidence)
    if found is None:
        assert below(count, quantile, 0) > risk or below(count, quantile, count - 1) < 1 - risk
        return
    low, high = found
    assert 0 <= low <= high < count
    assert below(count, quantile, low) <= risk < below(count, quantile, low + 1)
    assert below(count, quantile, high) >= 1 - risk > below(count, quantile, high - 1)


@pytest.mark.parametrize(("quantile", "confidence", "count"), [(0.5, 0.95, 6), (0.9, 0.95, 36), (0.99, 0.95, 368), (0.5, 0.99, 8)])
def test_how_many_calls_a_quantile_needs(quantile: float, confidence: float, count: int) -> None:
    assert calls_for(quantile, confidence) == count
    assert ranks(count - 1, quantile, confidence) is None


def test_the_table_of_the_source() -> None:
    # Le Boudec 2010, table A.1: median at 95 %, ranks from 1: n = 10 gives 2 and 9, n = 31 gives 10 and 22, n = 70 gives 27 and 44.
    assert [ranks(count, 0.5, 0.95) for count in (10, 31, 70)] == [(1, 8), (9, 21), (26, 43)]


def test_ten_thousand_values_are_no_trouble() -> None:
    low, high = ranks(10_000, 0.5, 0.95) or (0, 0)
    assert (low, high) == (4901, 5098)
    assert ranks(0, 0.5, 0.95) is None


def test_the_interval_holds_the_quantile_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = dict.fromkeys((0.5, 0.9), 0)
    for _ in range(2000):
        values = rng.exponential(size=60).tolist()
        for quantile in hits:
            low, high = interval(values, quantile, 0.95) or (math.inf, -math.inf)
            hits[quantile] += low <= -math.log(1 - quantile) <= high
    assert all(0.95 <= count / 2000 <= 0.985 for count in hits.values())


def test_too_few_values_have_no_interval() -> None:
    assert interval([1.0] * 5, 0.5, 0.95) is None
    assert interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0], 0.5, 0.95) == (1.0, 6.0)
