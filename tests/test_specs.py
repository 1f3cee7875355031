"""Axes, inputs and specs: drawing from domains, evaluating dims, and the way over the worker border."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converter import dtypes
from converter.specs import Axis, Domain, Input, ModelSpec, Output, axis_names, evaluate, terms

SIZES = {"batch": 3, "width": 4, "nothing": 0}


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_draws_have_the_dtype_and_the_shape(dtype: str) -> None:
    array = Input("x", dtype, ("batch", 2, "width + 1", "nothing + 1")).draw(np.random.default_rng(0), SIZES)
    assert array.shape == (3, 2, 5, 1)
    assert array.dtype == dtypes.numpy_dtype(dtype)
    assert Input("x", dtype, ("batch", "nothing")).draw(np.random.default_rng(0), SIZES).shape == (3, 0)
    assert Input("x", dtype, ()).draw(np.random.default_rng(0), SIZES).shape == ()


@given(st.integers(-1000, 1000), st.integers(0, 2000), st.sampled_from(["int16", "int64", "float32", "float64"]))
def test_draws_stay_in_their_range(low: int, more: int, dtype: str) -> None:
    array = Input("x", dtype, (50,), Domain(low, low + more)).draw(np.random.default_rng(1), {})
    assert low <= array.min() <= array.max() <= low + more


def test_integers_reach_both_ends_of_their_range() -> None:
    array = Input("x", "int64", (500,), Domain(-1, 2)).draw(np.random.default_rng(0), {})
    assert sorted(set(array.tolist())) == [-1, 0, 1, 2]


def test_draws_from_closed_values() -> None:
    words = Input("s", "string", (60,), Domain(values=("red", "green"))).draw(np.random.default_rng(0), {})
    assert set(words.tolist()) == {"red", "green"}
    assert words.dtype == object
    codes = Input("c", "int32", (60,), Domain(values=(2, 7))).draw(np.random.default_rng(0), {})
    assert (set(codes.tolist()), codes.dtype) == ({2, 7}, np.dtype("int32"))


def test_nan_is_among_the_values_only_where_the_model_takes_it() -> None:
    rng = np.random.default_rng(0)
    assert np.isnan(Input("x", "float32", (500,), Domain(0, 1, nan=True)).draw(rng, {})).any()
    assert not np.isnan(Input("x", "float32", (500,), Domain(0, 1)).draw(rng, {})).any()


def test_the_same_seed_draws_the_same() -> None:
    each = Input("x", "float32", ("batch", 7))
    first, second = (each.draw(np.random.default_rng(3), SIZES) for _ in range(2))
    assert np.array_equal(first, second)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 9), st.integers(0, 200))
def test_the_nearest_size_of_an_axis(low: int, more: int, step: int, size: int) -> None:
    axis = Axis(low, low + more, step)
    sizes = range(low, low + more + 1, step)
    assert axis.nearest(size) == max((each for each in sizes if each <= size), default=low)


@pytest.mark.parametrize("wrong", [(-1, 3, 1), (4, 3, 1), (1, 3, 0)])
def test_an_axis_that_makes_no_sense(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= low <= high and step >= 1"):
        Axis(*wrong)


def test_sums_of_axes() -> None:
    assert terms(" past +  length+1") == ["past", "length", "1"]
    assert evaluate("past + length + 1", {"past": 3, "length": 4}) == 8
    assert evaluate(5, {}) == 5
    with pytest.raises(KeyError, match="length"):
        evaluate("length", {})
    inputs = (Input("x", "float32", ("batch", "past + length + 1")), Input("y", "float32", (3, "batch")))
    assert axis_names(inputs) == ["batch", "past", "length"]


def test_a_spec_crosses_the_border_unchanged(spec_json: Callable[[ModelSpec], ModelSpec]) -> None:
    spec = ModelSpec(
        inputs=(
            Input("x", "float32", ("batch", 3, "past + 1"), Domain(0.5, 2.5, nan=True), ("a", "b", "c")),
            Input("s", "string", (), Domain(values=("é", "\0", ""))),
        ),
        outputs=(Output("label", "int64", label_of="scores"), Output("scores")),
        axes={"batch": Axis(0, 9, 3, usual=6), "past": Axis()},
        exporters=("first", "second"),
        metadata={"charset": "äöü"},
        summary="a model",
    )
    assert spec_json(spec) == spec
