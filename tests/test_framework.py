"""The contract's values: options are typed, exporters are listed, errors survive pickling."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from converter import errors
from converter.errors import ConverterError, UnknownName, UsageError
from converter.framework import Option
from converter.request import typed_options

SWITCH = Option("fast", "a switch", False)
COUNT = Option("depth", "a count", 3)
CHOICE = Option("mode", "a choice", "a", ("a", "b"))
TEXT = Option("note", "a text", "")
UNSET = Option("part", "a choice that need not be made", choices=("a", "b"))


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (SWITCH, "true", True),
        (SWITCH, "Off", False),
        (SWITCH, "1", True),
        (COUNT, "-7", -7),
        (COUNT, "12", 12),
        (CHOICE, "b", "b"),
        (TEXT, "a=b", "a=b"),
        (UNSET, "", ""),
    ],
)
def test_an_option_has_the_type_of_its_default(option: Option, text: str, value: object) -> None:
    parsed = option.parse(text)
    assert parsed == value
    assert type(parsed) is type(option.default)


@pytest.mark.parametrize(
    ("option", "text", "message", "hint"),
    [
        (SWITCH, "maybe", "option fast is true or false, not 'maybe'", "-O fast=true"),
        (COUNT, "many", "option depth is a whole number, not 'many'", "-O depth=3"),
        (COUNT, "--5", "option depth is a whole number, not '--5'", "-O depth=3"),
        (COUNT, "²", "option depth is a whole number, not '²'", "-O depth=3"),
        (CHOICE, "c", "option mode cannot be 'c'", "one of: a, b"),
        (CHOICE, "", "option mode cannot be ''", "one of: a, b"),
    ],
)
def test_a_wrong_value_is_named(option: Option, text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        option.parse(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def read(option: Option, text: str) -> str | bool | int | UsageError:
    """The value, or the refusal."""
    try:
        return option.parse(text)
    except UsageError as error:
        return error


@given(st.sampled_from([SWITCH, COUNT, CHOICE]), st.text(max_size=6))
@example(COUNT, "9" * 5000)
def test_any_text_is_a_value_or_refused(option: Option, text: str) -> None:
    found = read(option, text)
    assert found.hint if isinstance(found, UsageError) else type(found) is type(option.default)


def test_defaults_stand_in_and_unknown_options_are_refused(toy: Any) -> None:
    framework = toy.Toy()
    assert typed_options(framework, {"scale": "4"}) == {"exporters": "right", "scale": 4, "negate": False, "flavour": "plain"}
    with pytest.raises(UnknownName) as caught:
        typed_options(framework, {"scael": "4"})
    assert caught.value.message == "there is no option of toy 'scael'"
    assert caught.value.hint == "known: exporters, scale, negate, flavour"


ONE_OF_EACH = [
    errors.UsageError("m", hint="h"),
    errors.UnknownName("exporter", "x", ["y"]),
    errors.SourceNotFound("a/b"),
    errors.MissingPackage("pyarrow", "to read", extra="data"),
    errors.PluginError("toy", "load", "m", hint="h", details="d"),
    errors.ExportError("toy", "right", "m", hint="h", details="d"),
    errors.WorkerDied("m", hint="h", log="l"),
    errors.NoExporterAgrees("m", "h"),
    errors.InputError("m", hint="h"),
]


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_errors_survive_pickling_and_copying(error: ConverterError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert (str(twin), twin.__dict__) == (str(error), error.__dict__)
