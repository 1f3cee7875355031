"""What agrees and what does not: nothing outside the tolerance, of another shape, or with a NaN elsewhere ever passes."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from converter.graph.finishing import Graph
from converter.validation import Agreement, Tolerance, compare
from converter.validation.comparison import near_ties
from converter.validation.report import Attempt
from converter.validation.tolerance import BY_DTYPE

FLOATS = ["float64", "float32", "float16"]


def judge(graph: np.ndarray, model: np.ndarray, tied: np.ndarray | None = None, **bounds: float) -> Agreement:
    return compare("case 0", "y", graph, model, Tolerance(**bounds), tied)


def arrays_of(dtype: str) -> st.SearchStrategy[np.ndarray]:
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
    return hnp.arrays(np.dtype(dtype), shapes, elements=hnp.from_dtype(np.dtype(dtype)))


@given(st.sampled_from(FLOATS).flatmap(arrays_of))
def test_every_array_agrees_with_itself(array: np.ndarray) -> None:
    found = judge(array, array.copy())
    assert (found.agrees, found.max_abs, found.max_rel, found.ulp, found.out) == (True, 0, 0, 0, 0)


@given(arrays_of("float32"), st.data())
def test_a_value_beyond_the_tolerance_never_passes(model: np.ndarray, data: st.DataObject) -> None:
    place = data.draw(st.tuples(*(st.integers(0, length - 1) for length in model.shape)))
    want = float(model[place])
    atol, rtol = data.draw(st.sampled_from([(1e-5, 1e-4), (0.0, 0.0), (0.5, 0.0), (0.0, 0.5)]))
    graph = model.copy()
    graph[place] = data.draw(st.floats(width=32))
    got = float(graph[place])
    within = got == want or (np.isnan(got) and np.isnan(want)) or (np.isfinite(want) and abs(got - want) <= atol + rtol * abs(want))
    found = judge(graph, model, atol=atol, rtol=rtol)
    assert found.agrees == within
    if not within:
        assert found.worst == place
        assert found.out == 1


@given(arrays_of("float64"), arrays_of("float64"))
def test_any_two_arrays_can_be_compared(graph: np.ndarray, model: np.ndarray) -> None:
    found = judge(graph, model)
    if graph.shape != model.shape:
        assert found.fault == "shape"
    elif found.agrees:
        assert np.allclose(graph, model, rtol=1e-7, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("dtype", sorted(BY_DTYPE))
def test_the_tolerance_of_each_dtype(dtype: str) -> None:
    atol, rtol = BY_DTYPE[dtype]
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    model = np.array([2.0, 1.0, 0.0])
    assert judge(np.array([2.0, 1.0, 0.0]).astype(kind), model).agrees
    wrong = np.array([2.0, 1.0, 2 * atol if atol > 0.05 else 1.5 * atol]).astype(kind)
    assert not judge(wrong, model).agrees
    assert judge(np.array([2.0 + rtol, 1.0, 0.0]).astype(kind), model).agrees


@given(st.integers(1, 4), st.integers(1, 4))
def test_shapes_never_broadcast(rows: int, columns: int) -> None:
    model = np.zeros((rows, columns), np.float32)
    for shape in [(columns, rows, 1), (rows,), (1, rows, columns), (), (rows, columns, 0)]:
        found = judge(np.zeros(shape, np.float32), model)
        assert found.fault == "shape"
        assert found.detail == f"the graph gives {list(shape)}, the model {[rows, columns]}"


def test_a_column_is_no_row() -> None:
    assert judge(np.zeros((4, 1), np.float32), np.zeros((1, 4), np.float32)).fault == "shape"


@pytest.mark.parametrize(
    ("graph", "model"),
    [
        ([1, np.nan], [1, 2]),
        ([1, 2], [1, np.nan]),
        ([1, np.inf], [1, 2]),
        ([1, 2], [1, np.inf]),
        ([1, np.inf], [1, -np.inf]),
        ([1, np.nan], [1, np.inf]),
    ],
)
def test_nan_and_infinity_stand_where_the_model_has_them(graph: list[float], model: list[float]) -> None:
    found = judge(np.array(graph, np.float32), np.array(model, np.float32), atol=1e9, rtol=1e9)
    assert (found.fault, found.out, found.worst) == ("nan", 1, (1,))
    assert found.detail.startswith("NaN or infinity in 1 of 2 values where the other has none; first at [1]")


def test_equal_nan_and_infinity_agree_and_do_not_hide_the_rest() -> None:
    model = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    assert judge(model.copy(), model).agrees
    found = judge(model + np.array([0, 0, 0, 1e-3], np.float32), model)
    assert (found.fault, found.worst, found.out) == ("value", (3,), 1)


def test_what_is_told_about_the_worst_value() -> None:
    model = np.array([[1.0, 2.0], [4.0, 0.0]], np.float32)
    found = judge(model + np.array([[0, 0.5], [0, 0.25]], np.float32), model)
    assert (found.fault, found.max_abs, found.max_rel, found.out, found.size, found.worst) == ("value", 0.5, 0.25, 2, 4, (0, 1))
    assert found.ulp > 1e6
    assert found.detail == "differs in 2 of 4 values; worst at [0, 1]: graph 2.5, model 2, allowed 0.00021"


def test_ulp_counts_float32_steps() -> None:
    one = np.ones(3, np.float32)
    assert judge(np.nextafter(one, 2, dtype=np.float32), one).ulp == 1
    assert judge(one, one).ulp == 0


@pytest.mark.parametrize(("graph", "model"), [("int64", "float32"), ("float32", "int32"), ("bool", "int64"), ("int64", "bool"), ("object", "int64")])
def test_kinds_of_dtype_do_not_mix(graph: str, model: str) -> None:
    found = judge(np.zeros(2, graph), np.zeros(2, model))
    assert found.fault == "dtype"
    assert found.detail.startswith("the graph gives ")


def test_a_model_that_answers_in_float32_is_known_to_its_last_digits_only() -> None:
    model = np.float32([0.1, 150.5])
    near, far = model.astype(np.float64) * (1 + 1e-6), model.astype(np.float64) * (1 + 1e-3)
    assert compare("a", "y", near, model, Tolerance()).agrees
    assert not compare("a", "y", far, model, Tolerance()).agrees
    assert not compare("a", "y", near, model.astype(np.float64), Tolerance()).agrees
    assert not compare("a", "y", near, model, Tolerance(atol=0, rtol=1e-7)).agrees


@pytest.mark.parametrize(
    ("graph", "model"), [("float32", "float64"), ("float16", "float32"), ("int64", "int32"), ("uint8", "int64"), ("complex64", "complex128")]
)
def test_widths_of_dtype_do_mix(graph: str, model: str) -> None:
    assert judge(np.arange(3).astype(graph), np.arange(3).astype(model)).agrees


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5), st.integers(0, 4), st.integers(1, 9))
def test_integers_are_equal_or_wrong(values: list[int], place: int, step: int) -> None:
    model = np.array(values, np.int64)
    graph = model.copy()
    assert judge(graph, model, atol=100, rtol=1).agrees
    place %= len(values)
    graph[place] = values[place] - step if values[place] > 0 else values[place] + step
    found = judge(graph, model, atol=100, rtol=1)
    assert (found.fault, found.out, found.worst) == ("value", 1, (place,))


def test_strings_are_equal_or_wrong() -> None:
    model = np.array(["a", "b\0", "é"], object)
    assert judge(model.copy(), model).agrees
    found = judge(np.array(["a", "b", "é"], object), model)
    assert (found.fault, found.worst, found.out) == ("value", (1,), 1)
    assert "graph 'b', model 'b\\x00'" in found.detail


@pytest.mark.parametrize("dtype", ["float32", "int64", "object", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_nothing_agrees_with_nothing(dtype: str, shape: tuple[int, ...]) -> None:
    assert judge(np.zeros(shape, dtype), np.zeros(shape, dtype)).agrees


def test_scalars_are_compared() -> None:
    assert judge(np.float32(1), np.float32(1)).agrees
    assert judge(np.asarray(np.float32(1)), np.asarray(np.float32(2))).worst == ()
    assert judge(np.asarray(1), np.asarray(2)).worst == ()


def test_complex_values_are_compared_in_both_parts() -> None:
    model = np.array([1 + 1j, 2j], np.complex64)
    assert judge(model.copy(), model).agrees
    assert not judge(model + np.complex64(1e-3j), model).agrees


def test_labels_may_differ_only_where_the_scores_tie() -> None:
    graph, model = np.array([0, 1, 2]), np.array([0, 2, 1])
    tied = np.array([False, True, True])
    found = judge(graph, model, tied)
    assert (found.agrees, found.ties) == (True, 2)
    found = judge(graph, model, np.array([False, True, False]))
    assert (found.fault, found.out, found.worst, found.ties) == ("value", 1, (2,), 1)


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(0, 1, width=32)))
def test_near_ties_are_rows_whose_two_best_scores_lie_together(scores: np.ndarray) -> None:
    tied = near_ties(scores, Tolerance())
    for row, is_tied in zip(scores.astype(np.float64), tied, strict=True):
        second, best = np.sort(row)[-2:]
        assert bool(is_tied) == (best - second <= 2 * (1e-5 + 1e-4 * best))


def test_scores_of_two_classes_tie_at_their_middle() -> None:
    assert near_ties(np.array([0.5, 0.500001, 0.6, 0.0]), Tolerance()).tolist() == [True, True, False, False]
    assert near_ties(np.array([[-3.0], [0.0], [1e-6], [2.0]]), Tolerance()).tolist() == [False, True, True, False]


def test_nan_ties_with_nothing_and_infinity_with_itself() -> None:
    assert near_ties(np.array([[np.nan, 1.0, 1.0], [np.inf, np.inf, 0.0], [np.inf, 1.0, 0.0]]), Tolerance()).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("dtype", "bounds"), [("float32", (1e-5, 1e-4)), ("int64", (0.0, 0.0)), ("string", (0.0, 0.0)), ("float8_e5m2fnuz", (0.1, 0.125))]
)
def test_default_bounds(dtype: str, bounds: tuple[float, float]) -> None:
    assert Tolerance().of(dtype) == bounds


def test_bounds_of_the_user_stand_in_one_by_one() -> None:
    assert Tolerance(atol=0.5).of("float32") == (0.5, 1e-4)
    assert Tolerance(rtol=0.0).of("float32") == (1e-5, 0.0)


@pytest.mark.parametrize(
    ("graph", "model", "tiny"),
    [([1e-6, 0], [3e-6, 0], True), ([3e-6, 0], [3e-6, 0], False), ([1e-6, 2], [3e-6, 2], False), ([0, 0], [0, 0], False)],
)
def test_values_that_only_the_tolerance_makes_agree(graph: list[float], model: list[float], *, tiny: bool) -> None:
    found = judge(np.array(graph, np.float32), np.array(model, np.float32))
    assert found.agrees
    assert found.tiny == tiny


def test_the_line_names_an_output_that_is_smaller_than_the_tolerance_in_every_case() -> None:
    def line(*models: float) -> str:
        agreements = [compare(f"case {place}", "y", np.zeros(1), np.array([value]), Tolerance(atol=1e-5)) for place, value in enumerate(models)]
        sized = [compare("case 0", "z", np.ones(1), np.ones(1), Tolerance())]
        return Attempt("only", Graph(Path("y.onnx"), None, {}, 20, 1), (*agreements, *sized)).line

    assert line(1e-6, 2e-6) == "2 of 2 cases agree, worst 2.0e-06; y is smaller than the tolerance throughout: a smaller --atol would tell"
    assert line(1e-6, 0.0) == "2 of 2 cases agree, worst 1.0e-06"


def test_integers_may_differ_by_one_step_where_the_output_is_quantised() -> None:
    model, graph = np.array([1, 2, 3, -4], np.int8), np.array([1, 3, 3, -5], np.int8)
    found = compare("case 0", "y", graph, model, Tolerance(), step=1.0)
    assert (found.agrees, found.stepped, found.max_abs) == (True, 2, 1.0)
    assert not compare("case 0", "y", graph, model, Tolerance()).agrees
    further = compare("case 0", "y", graph + np.array([0, 1, 0, 0], np.int8), model, Tolerance(), step=1.0)
    assert (further.fault, further.out, further.worst, further.stepped) == ("value", 1, (1,), 1)
    assert "1 of 4 values one step of the quantised output off" not in Attempt("toy", Graph(Path(), 18, 1, {}, {}), (further,)).line


def test_floats_may_differ_by_the_step_that_they_stand_for() -> None:
    model = np.array([0.25, 0.5], np.float32)
    found = compare("case 0", "y", model + np.array([0.0, 0.0039], np.float32), model, Tolerance(), step=1 / 256)
    assert (found.agrees, found.stepped) == (True, 1)
    assert Attempt("toy", Graph(Path(), 18, 1, {}, {}), (found,)).line == (
        "1 of 1 cases agree, worst 3.9e-03, 1 of 2 values one step of the quantised output off"
    )
    assert not compare("case 0", "y", model + np.float32(0.0079), model, Tolerance(), step=1 / 256).agrees
