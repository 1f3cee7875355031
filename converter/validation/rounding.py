"""A graph that differs by little more than its tolerance: the model's own rounding tells whether the difference means anything.

Two sums of the same float32 values in another order differ by about as much as either is off the exact sum. Where that is more than the
tolerance – small values among large ones, deep or steep models – no graph could be nearer, and the model itself is no nearer to its author's formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from converter.cases import Case
from converter.errors import ConverterError
from converter.validation.comparison import Agreement
from converter.validation.tolerance import Tolerance

LITTLE = 1000  # times what is allowed: a difference beyond that is not asked about

Judge = Callable[[], tuple[Agreement, ...]]


def settle(judge: Judge, cases: Sequence[Case], tolerance: Tolerance, measure: Callable[[Case], None] | None) -> tuple[Agreement, ...]:
    """Return what `judge` finds; where all that it finds wrong is little, `measure` writes how exact the model is in those cases, and it judges again.

    The user's own `atol` is the last word; so is the first judgement where there is no model to be measured.
    """
    found = judge()
    if measure is None or tolerance.atol is not None:
        return found
    wrong = [each for each in found if not each.agrees]
    unmeasured = [case for case in cases if case.rounding is None and case.name in {each.case for each in wrong}]
    if not unmeasured or any(each.fault != "value" or each.beyond > LITTLE for each in wrong):
        return found
    try:
        for case in unmeasured:
            measure(case)
    except ConverterError:  # the model could not be loaded again, or had no room for it: then nothing is known
        return found
    return judge()
