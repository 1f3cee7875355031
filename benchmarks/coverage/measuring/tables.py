"""Verdicts as the cells of a page's tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from measuring.verdict import Verdict

NOT_MEASURED = "not measured"
NONE = "–"

Verdicts = Sequence[Verdict | None]
"""Of cases in a column, None where one is not measured."""


def line(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def known(verdicts: Iterable[Verdict | None]) -> list[Verdict]:
    """Return the verdicts that are measured."""
    return [each for each in verdicts if each is not None]


def agreed(verdicts: Iterable[Verdict | None]) -> list[Verdict]:
    """Return the verdicts that agree."""
    return [each for each in known(verdicts) if each.agrees]


def counted(verdicts: Iterable[Verdict | None]) -> str:
    """Return how many verdicts agree, are wrong and gave no graph: "9 of 12 (75.0 %), 2 wrong"."""
    every = list(verdicts)
    measured = known(every)
    if not measured:
        return NOT_MEASURED
    right, wrong = len(agreed(measured)), sum(each.is_wrong for each in measured)
    rest = f", {len(every) - len(measured)} {NOT_MEASURED}" if len(measured) < len(every) else ""
    return f"{right} of {len(measured)} ({right / len(measured):.1%}){f', {wrong} wrong' * bool(wrong)}{rest}"


def count(number: int, verdicts: Verdicts) -> str:
    """Return a number of cases; where only some of them are measured, of how many."""
    measured = len(known(verdicts))
    if not measured:
        return NOT_MEASURED if verdicts else NONE
    return str(number) if measured == len(verdicts) else f"{number} of {measured} measured"


def median(values: Sequence[float], digits: int = 0) -> str:
    """Return the median of some values."""
    return f"{statistics.median(values):.{digits}f}" if values else NONE


def exporters(verdicts: Verdicts) -> str:
    """Return which exporters wrote the graphs that agree."""
    return ", ".join(dict.fromkeys(each.by for each in agreed(verdicts)))


def reasons(verdicts: Verdicts) -> str:
    """Return the settings of ours that do not agree, and why."""
    return "; ".join(f"`{each.setting}`: {_why(each)}" for each in known(verdicts) if not each.agrees)


def _why(verdict: Verdict) -> str:
    return f"the proof refuses it ({verdict.reason})" if verdict.refused else verdict.reason
