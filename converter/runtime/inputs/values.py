"""Values that are no dense tensor: sequences as lists, maps as dictionaries, optional values as None or the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime.arrays.libraries import library_of, read_host
from converter.runtime.inputs.checks import check_feed, check_text
from converter.runtime.inputs.literals import literal
from converter.runtime.opening.ports import Port, dtype_of


def read_value(port: Port, value: object) -> Any:
    """Return the value as ONNX Runtime's plain call takes it, its arrays contiguous and of the declared dtype.

    Raises:
        InputError: the value, or an item of it, is of another kind than the port declares.
    """
    kind, _, inner = port.type.removesuffix(")").partition("(")
    if kind == "optional":
        return None if value is None else read_value(replace(port, type=inner), value)
    if kind == "seq":
        if not isinstance(value, (list, tuple)):
            raise _refusal(port, value, "a list", "pass a list, also of one item")
        return [read_value(replace(port, name=f"{port.name}[{number}]", type=inner), item) for number, item in enumerate(value)]
    if kind == "map":
        return _read_map(port, value)
    return _read_tensor(port, value)


def _read_map(port: Port, value: object) -> dict[Any, Any]:
    if not isinstance(value, Mapping) or not value:
        raise _refusal(port, value, "a dictionary with at least one key", "pass a dictionary of keys to numbers")
    key_type, _, value_type = port.type.removesuffix(")").removeprefix("map(").partition(",")
    keys = str if key_type == "string" else (int, np.integer)
    values = str if "string" in value_type else (int, float, np.number)
    for key, item in value.items():
        if not isinstance(key, keys) or not isinstance(item, values):
            raise _refusal(port, {key: item}, f"{port.type}", "convert the keys and the values")
    return {key if isinstance(key, str) else int(key): item for key, item in value.items()}


def _read_tensor(port: Port, value: Any) -> np.ndarray[Any, Any]:
    element, dtype = dtype_of(port.type)
    if dtype is None:
        hint = "let the graph take int8 and cast inside"
        raise InputError(f"input '{port.name}' wants {port.type}, which does not pass from Python to ONNX Runtime", hint=hint)
    tensor = replace(port, dtype=dtype, dims=(), is_shaped=False, element=element)
    library = library_of(value)
    array = literal(tensor, value) if library is None else read_host(port.name, library, value)
    check_feed(tensor, array.dtype, array.shape)
    array = np.require(array, dtype, ("C", "A"))
    if tensor.is_string:
        check_text(tensor, array)
    return array


def _refusal(port: Port, value: object, wanted: str, hint: str) -> InputError:
    given = "None" if value is None else f"{type(value).__name__} {value!r}" if not hasattr(value, "dtype") else type(value).__name__
    return InputError(f"input '{port.name}' wants {wanted} for {port.type}, got {given}", hint=hint)
