"""The columns of inputs, as metadata of a graph: what a model knows of its table's columns and a run shall find."""

from __future__ import annotations

import pytest

from converter.errors import InputError
from converter.runtime.tables.columns import METADATA_KEY, Wanted, choose, columns_in, to_metadata


def test_metadata_is_read_back() -> None:
    written = to_metadata({"features": ["Größe", "age"], "town": ["Town"]})
    assert written == {METADATA_KEY: '{"features": ["Größe", "age"], "town": ["Town"]}'}
    assert columns_in(written) == {"features": ("Größe", "age"), "town": ("Town",)}
    assert columns_in({}) == {}


@pytest.mark.parametrize("names", [(), ("features",), ("x0", "x1", "x2"), ("Column_0", "Column_1")])
def test_names_that_say_nothing_are_left_out(names: tuple[str, ...]) -> None:
    assert to_metadata({"features": names}) == {}


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (["b", "a", "x", "x_0", "x_1"], ("a", "b")),
        (["a", "x", "x_0", "x_1"], ("x",)),
        (["a", "x_1", "x_0"], ("x_0", "x_1")),
    ],
)
def test_known_columns_then_the_name_then_numbers(table: list[str], wanted: tuple[str, ...]) -> None:
    assert choose(Wanted("x", ("N", 2), ("a", "b")), table, spare=table) == wanted


def test_known_columns_are_not_guessed() -> None:
    with pytest.raises(InputError) as caught:
        choose(Wanted("x", ("N", 2), ("age", "height")), ["age", "hight"], spare=["age", "hight"])
    assert caught.value.message == "the table has no column 'height' for input 'x'"
    assert caught.value.hint == "perhaps 'hight' was meant; its columns: age, hight"


def test_a_long_list_of_columns_is_cut() -> None:
    with pytest.raises(InputError) as caught:
        choose(Wanted("x", ("N",)), [f"c{place}" for place in range(30)])
    assert caught.value.hint.endswith("c18, c19, … (30 in all)")
