"""The diagnosis names the fault that a person can act on: a baked-in axis first of all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from converter.cases import Case
from converter.validation import Agreement
from converter.validation.diagnosis import diagnose

SIZES = [
    {"batch": 5, "width": 7},
    {"batch": 1, "width": 7},
    {"batch": 2, "width": 7},
    {"batch": 5, "width": 1},
    {"batch": 5, "width": 19},
    {"batch": 5, "width": 7},
]
CASES = [Case(f"case {number}", "seed", sizes, Path()) for number, sizes in enumerate(SIZES)]


def agreements(**wrong: Agreement) -> list[Agreement]:
    return [wrong.get(case.name.replace(" ", "_"), Agreement(case.name, "y", max_abs=1e-7)) for case in CASES]


def shape_fault(name: str) -> Agreement:
    return Agreement(name, "y", "shape", "the graph gives [26, 1, 37], the model [12, 1, 37]")


def value_fault(name: str, worst: float = 0.5) -> Agreement:
    return Agreement(name, "y", "value", f"differs in 3 of 9 values; worst {worst}", max_abs=worst)


def test_nothing_is_wrong_where_all_agree() -> None:
    assert diagnose(agreements(), CASES) == ""


@pytest.mark.parametrize(("axis", "right", "wrong"), [("width", 7, {"case_3": 1, "case_4": 19}), ("batch", 5, {"case_1": 1, "case_2": 2})])
def test_an_axis_that_is_right_at_one_size_only_is_baked_in(axis: str, right: int, wrong: dict[str, int]) -> None:
    found = diagnose(agreements(**{name: shape_fault(name.replace("_", " ")) for name in wrong}), CASES)
    size = next(iter(wrong.values()))
    assert (
        found
        == f"axis {axis} is baked in: right at {axis} {right}, at {axis} {size} output y is wrong: the graph gives [26, 1, 37], the model [12, 1, 37]"
    )


def test_a_fault_at_some_sizes_is_no_baked_in_axis() -> None:
    found = diagnose(agreements(case_3=value_fault("case 3")), CASES)
    assert found == "output y differs in 3 of 9 values; worst 0.5 (in 1 of 6 cases; this one: case 3 (batch 5, width 1))"


def test_the_largest_difference_stands_for_the_rest() -> None:
    wrong = {f"case_{number}": value_fault(f"case {number}", number / 10) for number in range(6)}
    found = diagnose(agreements(**wrong), CASES)
    assert found == "output y differs in 3 of 9 values; worst 0.5 (in 6 of 6 cases; this one: case 5 (batch 5, width 7))"


@pytest.mark.parametrize("fault", ["run", "swapped", "shape", "dtype", "nan"])
def test_any_other_fault_comes_before_a_difference(fault: str) -> None:
    wrong = {f"case_{number}": value_fault(f"case {number}") for number in range(5)}
    wrong["case_5"] = Agreement("case 5", "y" if fault != "run" else "", fault, "what it is")
    found = diagnose(agreements(**wrong), CASES)
    assert found.startswith("what it is" if fault == "run" else "output y is wrong: what it is")
    assert found.endswith("(in 6 of 6 cases; this one: case 5 (batch 5, width 7))")


def test_a_fault_without_optimisations_says_so() -> None:
    found = diagnose([Agreement("case 0", "y"), Agreement("case 0", "y", "nan", "a NaN", optimised=False)], CASES[:1])
    assert found == "output y is wrong: a NaN (in 1 of 1 cases; this one: case 0 (batch 5, width 7), without ONNX Runtime's optimisations)"


def test_cases_without_axes() -> None:
    cases = [Case("case 0", "seed 0", {}, Path())]
    assert diagnose([value_fault("case 0")], cases) == "output y differs in 3 of 9 values; worst 0.5 (in 1 of 1 cases; this one: case 0)"


@pytest.mark.parametrize(("beyond", "is_baked"), [(2.0, False), (500.0, True)])
def test_noise_at_some_sizes_is_no_baked_in_axis(beyond: float, *, is_baked: bool) -> None:
    wrong = {name: replace(value_fault(name.replace("_", " ")), beyond=beyond) for name in ("case_1", "case_2")}
    assert diagnose(agreements(**wrong), CASES).startswith("axis batch is baked in: right at batch 5" if is_baked else "output y differs in 3 of 9")
