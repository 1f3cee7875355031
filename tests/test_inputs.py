"""The syntax of --input: what is written is read back, and whatever cannot be read is an InputSyntaxError."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from converter import dtypes
from converter.errors import InputSyntaxError, UsageError
from converter.inputs import EXAMPLE, format_input, parse_inputs
from converter.specs import Axis, Domain, Input

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
AXES = st.builds(lambda low, more, step: Axis(low, low + more, step), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 64))
WORDS = st.from_regex(r"[^,{}\[\]\s](?:[^,{}\[\]\n\r]{0,5}[^,{}\[\]\s])?", fullmatch=True).filter(lambda word: word == word.strip())


@st.composite
def declared_inputs(draw: st.DrawFn) -> tuple[tuple[Input, ...], dict[str, Axis]]:
    """Inputs as the syntax can express them, and the ranges of their axes."""
    axes = draw(st.dictionaries(NAMES, AXES, max_size=4))
    alone = st.sampled_from(sorted(axes)) if axes else st.integers(0, 999)
    found = []
    for name in draw(st.lists(NAMES, unique=True, max_size=4)):
        dtype = draw(st.sampled_from(dtypes.ALL))
        dims = draw(st.lists(st.one_of(st.integers(0, 10**9), alone), max_size=4))
        found.append(Input(name, dtype, tuple(dims), draw(domains(dtype))))
    used = [dim for each in found for dim in each.dims if isinstance(dim, str)]
    return tuple(found), {name: axes[name] for name in dict.fromkeys(used)}


def domains(dtype: str) -> st.SearchStrategy[Domain]:
    if dtype == dtypes.STRING:
        words = st.lists(WORDS, min_size=1, max_size=3).filter(lambda found: ".." not in "".join(found))
        return st.one_of(st.just(Domain()), words.map(lambda found: Domain(values=tuple(found))))
    number = st.one_of(st.integers(-(10**12), 10**12).map(float), st.floats(allow_nan=False, allow_infinity=False))
    pair = st.tuples(number, number).map(sorted)
    return st.one_of(st.just(Domain()), pair.map(lambda ends: Domain(ends[0], ends[1])))


def read(texts: list[str]) -> tuple[tuple[Input, ...], dict[str, Axis]] | InputSyntaxError:
    """What is parsed, or the refusal."""
    try:
        return parse_inputs(texts)
    except InputSyntaxError as error:
        return error


@given(declared_inputs())
def test_what_is_written_is_read_back(declared: tuple[tuple[Input, ...], dict[str, Axis]]) -> None:
    inputs, axes = declared
    assert parse_inputs([format_input(each, axes) for each in inputs]) == (inputs, axes)


@given(st.lists(st.text(max_size=40), max_size=3))
@example(["x:float32[²]"])
@example(["x:float32[a + ²]"])
@example(["x:float32[" + "9" * 5000 + "]"])
@example(["x:float32[a=1..2/0]"])
@example(["x:float32[]{1e999..2}"])
def test_any_text_is_read_or_refused(texts: list[str]) -> None:
    found = read(texts)
    if isinstance(found, InputSyntaxError):
        assert found.hint
    else:
        inputs, axes = found
        assert len(inputs) == len(texts)
        assert all(isinstance(axis, Axis) for axis in axes.values())


@given(st.text("xy:float32[]{}=.,+/0123456789 ²٣é", max_size=30))
def test_texts_that_look_like_inputs_are_read_or_refused(text: str) -> None:
    found = read([text])
    assert not isinstance(found, InputSyntaxError) or found.hint


def test_names_ranges_steps_and_domains() -> None:
    inputs, axes = parse_inputs(["images:float32[batch, 3, 32, width=32..1024/8]", "ids:long[batch,length]{0..30521}", "scale:float[]"])
    assert inputs == (
        Input("images", "float32", ("batch", 3, 32, "width")),
        Input("ids", "int64", ("batch", "length"), Domain(0, 30521)),
        Input("scale", "float32", ()),
    )
    assert axes == {"batch": Axis(), "width": Axis(32, 1024, 8), "length": Axis()}


def test_a_sum_of_axes() -> None:
    inputs, axes = parse_inputs(["past:float32[batch,past=0..8,4]", "mask:bool[batch,past+length + 1]"])
    assert inputs[1].dims == ("batch", "past + length + 1")
    assert axes == {"batch": Axis(), "past": Axis(0, 8), "length": Axis()}


def test_words_of_a_string_input() -> None:
    (colour,), _ = parse_inputs(["colour:string[batch]{red, green}"])
    assert colour.domain == Domain(values=("red", "green"))


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (["images"], "cannot read the input 'images': it is not NAME:DTYPE[DIMS]", EXAMPLE),
        (["x:float33[3]"], "input 'x': unknown dtype 'float33'", "one of: bool, int8"),
        (["x:float32[a..b]"], "cannot read the dim 'a..b' of 'x:float32[a..b]'", "width=16..512"),
        (["x:float32[w=9..3]"], "cannot read the dim 'w=9..3'", "w=16..512"),
        (["x:float32[w]{9..3}"], "cannot read the values '{9..3}'", "{LOW..HIGH}"),
        (["x:float32[w]{red}"], "cannot read the values '{red}'", "a range: {0..30521}"),
        (["x:float32[3]", "x:int64[3]"], "input 'x' is given twice", "each --input names another input"),
        (["x:float32[w=1..9]", "y:float32[w=2..9]"], "axis 'w' has two ranges: 1..9 and 2..9", "give the range once"),
        (["x:float32[w=1..9,w=2..9]"], "axis 'w' has two ranges: 1..9 and 2..9", "give the range once"),
    ],
)
def test_what_is_wrong_is_named(texts: list[str], message: str, hint: str) -> None:
    with pytest.raises(InputSyntaxError) as caught:
        parse_inputs(texts)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, ValueError)
