"""Small differences: what the model's own rounding excuses, and what it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.cases import Case
from converter.errors import WorkerDied
from converter.validation import Agreement, Tolerance, compare, settle
from converter.validation.comparison import DOUBTFUL, SLACK
from converter.worker import arrays

MODEL = np.array([0.0, 1.0, -30.0], np.float32)
OFF = np.array([2e-5, 0, 0], np.float32)


def judge(graph: np.ndarray, rounding: float, model: np.ndarray = MODEL) -> Agreement:
    return compare("case 0", "y", graph, model, Tolerance(), None, rounding)


@given(st.floats(1e-5, 1e-4), st.floats(0, 1e-3))
def test_a_difference_is_excused_up_to_a_multiple_of_the_rounding(difference: float, rounding: float) -> None:
    found = judge(MODEL + np.array([difference, 0, 0]), rounding)
    assert found.agrees == (difference <= found.allowed)
    assert found.allowed == pytest.approx(1e-5 + (SLACK * rounding if difference > 1e-5 else 0))


def test_rounding_is_told_only_where_it_mattered() -> None:
    assert judge(MODEL + OFF, 1e-5).rounding == 1e-5
    assert judge(MODEL, 1e-5).rounding == 0
    assert not judge(MODEL + OFF, 1e-6).agrees


def test_a_model_that_rounds_coarsely_is_excused_to_a_bound() -> None:
    found = judge(MODEL + 100 * OFF, 1.0, MODEL / 10)
    assert found.rounding == pytest.approx(DOUBTFUL * 1e-4 * 3)
    assert not judge(np.ones(3, np.float32), 1.0, np.zeros(3, np.float32)).agrees


def test_nothing_but_values_is_excused() -> None:
    assert judge(MODEL[:2], 1.0).fault == "shape"
    assert judge(np.array([np.nan, 1, -30], np.float32), 1.0).fault == "nan"
    integers = np.arange(3)
    assert judge(integers + 1, 1.0, integers).fault == "value"


def case_in(folder: Path) -> Case:
    arrays.write({"y": MODEL}, folder / "outputs")
    return Case("case 0", "seed 0", {}, folder)


@pytest.mark.parametrize(
    ("graph", "is_asked"),
    [(MODEL, False), (MODEL + OFF, True), (MODEL + 1000 * OFF, False), (np.array([np.nan, 1, -30]), False), (MODEL[:2], False)],
    ids=["agrees", "differs by little", "differs by much", "NaN", "shape"],
)
def test_the_model_is_asked_where_little_is_wrong(graph: np.ndarray, *, is_asked: bool, tmp_path: Path) -> None:
    case, asked = case_in(tmp_path), []

    def measure(case: Case) -> None:
        asked.append(case.name)
        arrays.write({"y": np.array(1e-5)}, case.folder / "rounding")

    def found() -> tuple[Agreement, ...]:
        return (judge(graph, (case.rounding or {}).get("y", 0.0)),)

    assert settle(found, [case], Tolerance(atol=1e-5), measure) == settle(found, [case], Tolerance(), None) == found()
    assert not asked
    (agreement,) = settle(found, [case], Tolerance(), measure)
    assert asked == ["case 0"] * is_asked
    assert agreement.agrees == (is_asked or graph is MODEL)
    assert settle(found, [case], Tolerance(), measure) == (agreement,)
    assert asked == ["case 0"] * is_asked, "once is enough"


def test_a_model_that_cannot_be_asked_excuses_nothing(tmp_path: Path) -> None:
    def dying(_case: Case) -> None:
        raise WorkerDied("rounding: the worker ran out of memory")

    (agreement,) = settle(lambda: (judge(MODEL + OFF, 0.0),), [case_in(tmp_path)], Tolerance(), dying)
    assert agreement.fault == "value"
