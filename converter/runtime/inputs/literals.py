"""Python lists and numbers as arrays of a declared dtype, if that loses nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime.opening.ports import Port


def literal(port: Port, value: object) -> np.ndarray[Any, Any]:
    """Make an array of a list or number: `session(threshold=0.5)`, `session(ids=[[1, 2]])`.

    Raises:
        InputError: the value is ragged or no array, or the dtype cannot hold it exactly.
    """
    try:
        array = np.asarray(value, object) if port.is_string else _exactly(np.asarray(value), port.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"input '{port.name}': {_shown(value)} is no array: {error}", hint=_hint(port)) from error
    if array is None:
        raise InputError(f"input '{port.name}' wants {port.dtype}, which cannot hold {_shown(value)} exactly", hint=_hint(port))
    return array


def _exactly(plain: np.ndarray[Any, Any], dtype: Any) -> np.ndarray[Any, Any] | None:
    if plain.size and (plain.dtype.kind not in "biuf" or (plain.dtype.kind == "b") != (dtype.kind == "b")):
        return None
    with np.errstate(all="ignore"):
        cast = plain.astype(dtype)
        same = (cast.astype(plain.dtype) == plain) | (plain != plain)  # noqa: PLR0124 - NaN stays NaN
    return cast if same.all() else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:56]} …"  # characters that fit into a message


def _hint(port: Port) -> str:
    return f"pass np.array(…, dtype={'object' if port.is_string else repr(str(port.dtype))})"
