"""Output dims are found from the shapes in every case, and never claim what does not hold."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter.graph.dims import measured_dims, tidy

SIZES = [{"batch": batch, "width": width} for batch, width in [(5, 7), (1, 7), (2, 7), (17, 7), (5, 1), (5, 2), (5, 23), (1, 1)]]


def lengths_of(expression: str) -> list[int]:
    return [int(ir.SymbolicDim(expression).evaluate(sizes)) for sizes in SIZES]


@pytest.mark.parametrize(
    ("truth", "hint", "found"),
    [
        ("batch", None, "batch"),
        ("width", "s77", "width"),
        ("width", 7, "width"),
        ("width//4 + 1", "((width//4)) + 1", "width//4 + 1"),
        ("2*width - 1", "2*width - 1", "2*width - 1"),
        ("batch + width", None, "batch + width"),
        ("batch + batch", "wrong*3", "2*batch"),
        ("batch*width", "unk__32", "y_dim_0"),
        ("batch*width", "batch*width", "batch*width"),
        ("width//4 + 1", None, "y_dim_0"),
        ("width//4 + 1", "width//4", "y_dim_0"),
        ("width//4 + 1", 26, "y_dim_0"),
        ("width//4 + 1", "exec(batch)", "y_dim_0"),
    ],
)
def test_a_dim_is_an_axis_an_expression_or_a_name_of_its_own(truth: str, hint: Any, found: str) -> None:
    assert measured_dims("y", [[length] for length in lengths_of(truth)], SIZES, [hint]) == (found,)


def test_a_constant_is_itself_whatever_the_exporter_says() -> None:
    assert measured_dims("y", [[37]] * len(SIZES), SIZES, ["width"]) == (37,)


def test_a_length_that_was_always_zero_is_no_constant() -> None:
    assert measured_dims("found", [[0, 4]] * len(SIZES), SIZES, [0, 4]) == ("found_dim_0", 4)


def test_a_scalar_has_no_dims() -> None:
    assert measured_dims("y", [[], []], SIZES[:2], []) == ()


def test_dims_without_axes() -> None:
    assert measured_dims("y", [[2, 3]], [{}], ["a", None]) == (2, 3)
    assert measured_dims("y", [[2, 3], [2, 4]], [{}, {}], ["a", None]) == (2, "y_dim_1")


AXES = ["a", "b", "N", "beta", "E", "lambda", "in_1"]
EXPRESSIONS = st.sampled_from(
    ["a", "b + 1", "2*a", "a//2", "((a//2)) + b", "N", "beta - 1", "E*2", "lambda", "in_1", "a % 3", "unknown", "floor(a/4)", "1/a", "("]
)
HINTS = st.one_of(st.none(), st.integers(0, 30), EXPRESSIONS, st.text(max_size=8))


@st.composite
def measurements(draw: st.DrawFn) -> tuple[list[list[int]], list[dict[str, int]], list[Any]]:
    """Shapes of one output in several cases: lengths that follow an axis, an expression, or nothing."""
    axes = draw(st.lists(st.sampled_from(AXES), unique=True, max_size=3))
    cases = draw(st.lists(st.fixed_dictionaries({axis: st.integers(0, 30) for axis in axes}), min_size=1, max_size=5))
    hints = draw(st.lists(HINTS, min_size=3, max_size=3))
    columns = []
    for hint in hints:
        noise = st.lists(st.integers(0, 30), min_size=len(cases), max_size=len(cases))
        follows = st.sampled_from(axes).map(lambda axis: [case[axis] for case in cases]) if axes else noise
        same = st.integers(0, 30).map(lambda length: [length] * len(cases))
        columns.append(draw(st.one_of(noise, follows, same)))
        del hint
    return [list(shape) for shape in zip(*columns, strict=True)], cases, hints


@given(measurements())
def test_no_dim_is_claimed_that_does_not_hold(measured: tuple[list[list[int]], list[dict[str, int]], list[Any]]) -> None:
    shapes, sizes, hints = measured
    for place, dim in enumerate(measured_dims("y", shapes, sizes, hints)):
        lengths = [shape[place] for shape in shapes]
        if isinstance(dim, int):
            assert set(lengths) == {dim}
        elif dim != f"y_dim_{place}":
            plain = dim.replace("//", " // ")
            assert [ir.SymbolicDim(plain).evaluate(size) for size in sizes] == lengths
        else:
            assert all([size[axis] for size in sizes] != lengths for axis in sizes[0])
            assert len(set(lengths)) > 1 or lengths[0] == 0


@given(
    st.sampled_from(["((a//4)) + 1", "floor(a/2) + floor(b/3)", "a + a + 1", "3*(a - 1)//2 + 1", "Max(a, b)", "((a - 1)//2)//2", "a*b - b"]),
    st.integers(1, 99),
    st.integers(1, 99),
)
def test_a_tidied_expression_is_equal(expression: str, a: int, b: int) -> None:
    sizes = {"a": a, "b": b}
    assert ir.SymbolicDim(tidy(expression)).evaluate(sizes) == ir.SymbolicDim(expression).evaluate(sizes)


@pytest.mark.parametrize(
    ("written", "shown"),
    [("((width//4)) + 1", "width//4 + 1"), ("(((width - 1)//4)) + 1", "(width - 1)//4 + 1"), ("((n + 3)//4)", "(n + 3)//4")],
)
def test_expressions_read_well_and_stay_equal(written: str, shown: str) -> None:
    assert tidy(written) == shown
    axis = "width" if "width" in written else "n"
    sizes = [{axis: size} for size in range(2, 40)]
    assert [ir.SymbolicDim(shown).evaluate(size) for size in sizes] == [ir.SymbolicDim(written).evaluate(size) for size in sizes]
