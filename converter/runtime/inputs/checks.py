"""What may be fed to a graph's inputs, decided before anything is bound: ONNX Runtime reads past a short buffer without an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from converter.errors import InputError
from converter.runtime.opening.ports import STRING, Port, shown_dims


def check_names(inputs: Mapping[str, Port], given: Iterable[str]) -> None:
    """Say which inputs are missing or unknown.

    Raises:
        InputError: an input that the graph needs is missing, or the graph has no input of that name.
    """
    names = list(given)
    unknown = [name for name in names if name not in inputs]
    missing = [name for name, port in inputs.items() if name not in names and not port.is_optional]
    if not unknown and not missing:
        return
    parts = [f"there is no input {_quoted(unknown)}"] if unknown else []
    parts += [f"input {_quoted(missing)} is missing"] if missing else []
    near = [match for name in unknown for match in get_close_matches(str(name), missing or list(inputs), 1)]
    meant = f"perhaps {_quoted(near)} was meant; " if near else ""
    raise InputError("; ".join(parts), hint=f"{meant}the graph takes {', '.join(map(str, inputs.values())) or 'no inputs'}")


def check_feed(port: Port, dtype: np.dtype[Any], shape: tuple[int, ...], *, may_cast: bool = True) -> None:
    """See that an array of this dtype and shape may be fed; `may_cast` allows what a cast brings to the declared dtype without loss.

    Raises:
        InputError: the port takes another dtype, rank or length of a dimension.
    """
    if dtype != port.dtype and not (may_cast and (dtype.newbyteorder("=") == port.dtype or widens(dtype, port.dtype))):
        wanted = "strings" if port.is_string else port.dtype
        raise InputError(f"input '{port.name}' wants {wanted}, got {_shown_dtype(dtype)}", hint=_cast_hint(port))
    if not port.is_shaped:
        return
    if len(shape) != len(port.dims):
        wanted = f"{len(port.dims)} dimensions {shown_dims(port.dims)}" if port.dims else "a scalar, which has the shape []"
        is_short = len(shape) == len(port.dims) - 1
        hint = "a batch axis may be missing: array[None] adds one in front" if is_short else "array.reshape(…) changes the shape"
        raise InputError(f"input '{port.name}' wants {wanted}, got {len(shape)}: {list(shape)}", hint=hint)
    for axis, (declared, length) in enumerate(zip(port.dims, shape, strict=True)):
        if isinstance(declared, int) and declared != length:
            raise InputError(
                f"input '{port.name}' wants {shown_dims(port.dims)}, got {list(shape)}: dimension {axis} must be {declared}",
                hint=f"{declared} is fixed there, by the graph or by the sizes that the Session was opened with; an axis that shall vary must be free in both",
            )


def check_axes(inputs: Mapping[str, Port], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """See that inputs which name the same axis agree on its size.

    Raises:
        InputError: one axis has two sizes.
    """
    sizes: dict[str, tuple[int, str]] = {}
    for name, shape in shapes.items():
        for declared, length in zip(inputs[name].dims, shape, strict=False):
            if not isinstance(declared, str):
                continue
            known, where = sizes.setdefault(declared, (length, name))
            if known != length:
                raise InputError(
                    f"axis '{declared}' is {known} in input '{where}' and {length} in input '{name}'",
                    hint="dimensions that share an axis name must have the same length in one call",
                )


def check_text(port: Port, array: np.ndarray[Any, Any]) -> None:
    """See that every item of an object array is text; ONNX Runtime would feed the words 'None' and '1'.

    Raises:
        InputError: an item is None, a number or bytes.
    """
    for item in array.flat:
        if not isinstance(item, str):
            hint = "give the text that the model takes for missing, often ''" if item is None else "make text of every item: str(item)"
            raise InputError(f"input '{port.name}' wants strings, got {item!r} among them", hint=hint)


def widens(given: np.dtype[Any], wanted: np.dtype[Any] | None) -> bool:
    """Whether a cast keeps every value and its kind: float16 to float32, int32 to int64, text to objects; not uint8 to float32, often a mistake."""
    if wanted == STRING:
        return given.kind in "UT"
    return wanted is not None and given.kind == wanted.kind and given.kind in "iuf" and np.can_cast(given, wanted, "safe")


def _cast_hint(port: Port) -> str:
    if port.is_string:
        return "pass an object array of str; bytes become text with np.char.decode(array, 'utf-8')"
    return f"if no value is lost by it, convert: array.astype('{port.dtype}') or tensor.to(torch.{port.dtype})"


def _shown_dtype(dtype: np.dtype[Any]) -> str:
    return str(dtype) if dtype.isnative else f"{dtype.newbyteorder('=')} in foreign byte order"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
