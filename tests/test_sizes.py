"""The sizes that an axis is tried at lie in its range, are several, and differ between axes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from converter.cases import PlannedCase, plan
from converter.sizes import example_sizes, sizes_to_try
from converter.specs import Axis

AXES = st.builds(
    lambda low, count, step, usual: Axis(low, low + count * step, step, usual),
    st.integers(0, 500),
    st.one_of(st.integers(0, 5), st.integers(0, 10**6)),
    st.one_of(st.just(1), st.integers(1, 64)),
    st.one_of(st.just(0), st.integers(0, 600)),
)
NAMED = st.dictionaries(st.sampled_from("abcdef"), AXES, max_size=6)


def count(axis: Axis) -> int:
    """How many sizes an axis has."""
    return (axis.high - axis.low) // axis.step + 1


def is_on(axis: Axis, size: int) -> bool:
    return axis.low <= size <= axis.high and (size - axis.low) % axis.step == 0


@given(NAMED)
def test_every_size_is_one_of_the_axis(axes: dict[str, Axis]) -> None:
    examples, tried = example_sizes(axes), sizes_to_try(axes)
    assert list(examples) == list(tried) == list(axes)
    for name, axis in axes.items():
        assert is_on(axis, examples[name])
        assert all(is_on(axis, size) for size in tried[name])


@given(NAMED)
def test_three_sizes_where_the_axis_has_them(axes: dict[str, Axis]) -> None:
    for name, sizes in sizes_to_try(axes).items():
        assert len(set(sizes)) >= min(3, count(axes[name]))
        assert list(sizes) == sorted(set(sizes))
        assert axes[name].low in sizes
        assert example_sizes(axes)[name] in sizes


@given(NAMED)
def test_examples_differ_where_the_axes_have_sizes_enough(axes: dict[str, Axis]) -> None:
    if all(count(axis) >= len(axes) for axis in axes.values()):
        assert len(set(example_sizes(axes).values())) == len(axes)


@given(NAMED)
def test_the_example_is_never_one_where_it_can_be_helped(axes: dict[str, Axis]) -> None:
    if all(count(axis) - is_on(axis, 0) - is_on(axis, 1) >= len(axes) for axis in axes.values()):
        assert 1 not in example_sizes(axes).values()


@given(NAMED, st.integers(1, 5))
def test_a_plan_varies_one_axis_at_a_time(axes: dict[str, Axis], seeds: int) -> None:
    given_case = PlannedCase("mine.npz", 0, {})
    planned = plan(axes, [given_case], seeds)
    base = example_sizes(axes)
    assert planned[0] is given_case
    assert planned[1].sizes == base
    smallest = {name: axis.low for name, axis in axes.items()}
    for each in planned[1:]:
        assert each.sizes == smallest or sum(each.sizes[name] != base[name] for name in axes) <= 1
    assert {name: {each.sizes[name] for each in planned[1:]} for name in axes} == {name: set(sizes) for name, sizes in sizes_to_try(axes).items()}
    assert sum(each.sizes == base for each in planned[1:]) == seeds
    assert len({each.seed for each in planned[1:]}) == len(planned) - 1


def test_the_sizes_of_a_batch_and_a_width() -> None:
    axes = {"batch": Axis(), "width": Axis(32, 1024, usual=100)}
    assert example_sizes(axes) == {"batch": 5, "width": 67}
    assert sizes_to_try(axes) == {"batch": (1, 2, 5, 17), "width": (32, 33, 67, 100, 211)}


def test_a_fixed_axis_has_its_only_size() -> None:
    assert sizes_to_try({"batch": Axis(1, 1), "length": Axis(0, 0)}) == {"batch": (1,), "length": (0,)}
