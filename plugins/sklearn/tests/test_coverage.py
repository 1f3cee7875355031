"""The documented coverage is true: every class is in it, and every case becomes what it says."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from sklearn.utils import all_estimators

from sklearn_cases import CASES
from sklearn_cases.absent import ABSENT
from sklearn_cases.judging import verdicts
from sklearn_cases.page import DOCUMENT, row

SHARE = 12  # of so many classes one is for a developer's run
BY_NAME = {name: list(group) for name, group in itertools.groupby(sorted(CASES, key=lambda case: case.name), key=lambda case: case.name)}
LINES = [line.split(" | ") for line in Path(DOCUMENT).read_text().splitlines() if line.startswith("| ")]
DOCUMENTED = {cells[0].removeprefix("| "): (cells[1], cells[3].removesuffix(" |").strip()) for cells in LINES if len(cells) == 4}


def test_every_estimator_has_cases_or_a_reason() -> None:
    assert {name for name, _ in all_estimators()} == set(BY_NAME) | set(ABSENT)
    assert set(BY_NAME) <= set(DOCUMENTED)
    assert not set(BY_NAME) & set(ABSENT)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if place % SHARE == 0 else [pytest.mark.slow]) for place, name in enumerate(BY_NAME)])
def test_its_cases_become_what_the_table_says(name: str) -> None:
    found = [pair for case in BY_NAME[name] for pair in verdicts(case, peer=False)]
    assert not [mine.case.title for mine, _ in found if mine.is_wrong and "proof refuses it" not in DOCUMENTED[name][1]]
    cells = row(name, found).split(" | ")
    assert (cells[1], cells[3].removesuffix(" |").strip()) == DOCUMENTED[name]
