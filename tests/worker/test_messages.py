"""Requests, specs and errors cross the border as JSON and come out as they went in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter import errors
from converter.errors import ConverterError, PluginError
from converter.framework import LoadRequest
from converter.source import Source
from converter.specs import Axis, Domain, Input
from converter.worker import messages


def test_a_load_request(tmp_path: Path, as_json: Callable[[Any], Any]) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    request = LoadRequest(
        source=Source.of(tmp_path / "model.bin"),
        model="package.module:Class",
        model_args={"depth": 3, "names": ["a"]},
        inputs=(Input("x", "float32", ("batch", 3, "past + 1"), Domain(0, 1), ("a",)),),
        axes={"batch": Axis(2, 8, 2)},
        columns={"age": np.array([1, 2]), "town": np.array(["Ulm", ""], object)},
        options={"fast": True, "depth": 2, "mode": "a"},
        trust=True,
    )
    found = messages.load_request_from_json(as_json(messages.load_request_to_json(request, tmp_path)))
    assert found.source.path == request.source.path
    for name in ("model", "model_args", "inputs", "axes", "options", "trust"):
        assert getattr(found, name) == getattr(request, name)
    assert found.columns is not None
    assert {name: column.tolist() for name, column in found.columns.items()} == {"age": [1, 2], "town": ["Ulm", ""]}


def test_a_reference(as_json: Callable[[Any], Any]) -> None:
    found = messages.source_from_json(as_json(messages.source_to_json(Source(reference="a.b:c"))))
    assert (found.reference, found.path, found.live) == ("a.b:c", None, None)


def sent(error: BaseException, as_json: Callable[[Any], Any]) -> ConverterError:
    try:
        raise error
    except BaseException as raised:  # noqa: BLE001 - as the worker catches it
        return messages.error_from_json(as_json(messages.error_to_json(raised)))


@pytest.mark.parametrize(
    "error",
    [
        errors.MissingPackage("pyarrow", "to read", extra="data"),
        errors.ExportError("toy", "right", "m", hint="h", details="its own traceback"),
        errors.UntrustedSource("m", hint="h"),
        errors.UnknownName("option", "x", ["y"]),
        errors.SourceNotFound("a:b"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_ours_come_back_as_themselves(error: ConverterError, as_json: Callable[[Any], Any]) -> None:
    found = sent(error, as_json)
    assert type(found) is type(error)
    assert (found.message, found.hint) == (error.message, error.hint)
    assert {**found.__dict__, "details": ""} == {**error.__dict__, "details": ""}
    assert found.__dict__["details"] == getattr(error, "details", found.__dict__["details"])


def test_errors_of_a_plugins_own_class_come_back_as_errors(as_json: Callable[[Any], Any]) -> None:
    class Peculiar(ConverterError):
        """A plugin's own."""

    found = sent(Peculiar("m", hint="h"), as_json)
    assert (type(found), found.message, found.hint) == (ConverterError, "m", "h")


def test_other_exceptions_keep_their_traceback(as_json: Callable[[Any], Any]) -> None:
    found = sent(KeyError("weight"), as_json)
    assert isinstance(found, PluginError)
    assert found.message == "KeyError: 'weight'"
    assert "Traceback" in found.details
