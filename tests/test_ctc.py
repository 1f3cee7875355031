"""Greedy decoding: best class per step, repeats merged, blanks dropped."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.ctc import METADATA_KEY, CtcAlphabet

ABC = CtcAlphabet("scores", "abc")


def scores_of(classes: list[int], count: int = 4) -> np.ndarray:
    """Scores [steps, 1, classes] whose best are these."""
    return np.eye(count, dtype=np.float32)[classes][:, None, :] if classes else np.zeros((0, 1, count), np.float32)


@pytest.mark.parametrize(
    ("classes", "text"), [([], ""), ([0, 0], ""), ([1], "a"), ([1, 1, 2, 2, 0, 2], "abb"), ([0, 3, 0, 3, 3, 1], "cca"), ([2, 0, 0, 2], "bb")]
)
def test_repeats_are_merged_and_blanks_dropped(classes: list[int], text: str) -> None:
    assert ABC.decode(scores_of(classes)) == [text]


@given(st.lists(st.integers(0, 3), max_size=20), st.integers(0, 3))
def test_decoding_is_its_definition(classes: list[int], blank: int) -> None:
    merged = [number for number, _ in itertools.groupby(classes)]
    names = dict(zip([number for number in range(4) if number != blank], "abc", strict=True))
    assert CtcAlphabet("scores", "abc", blank).decode(scores_of(classes)) == ["".join(names[number] for number in merged if number != blank)]


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4))
def test_either_layout_gives_the_same(rows: list[list[int]]) -> None:
    batch = np.stack([scores_of(row)[:, 0] for row in rows])
    assert CtcAlphabet("scores", "abc", batch_first=True).decode(batch) == ABC.decode(batch.transpose(1, 0, 2))


def test_it_travels_as_metadata() -> None:
    alphabet = CtcAlphabet("logits", "aäß'\"\\", 3, batch_first=True)
    assert CtcAlphabet.from_metadata({METADATA_KEY: alphabet.to_json()}) == alphabet
    assert CtcAlphabet.from_metadata({}) is None
