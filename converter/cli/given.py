"""`--input NAME=…` of `converter run`: images, an .npy file, or a JSON value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from converter.errors import UnreadableSource, UsageError

if TYPE_CHECKING:
    import numpy as np

    from converter.rows.sources import Source
    from converter.runtime import Session


def read_values(session: Session, inputs: Sequence[tuple[str, str]]) -> dict[str, np.ndarray]:
    """Return the arrays of inputs by name; raises UsageError, SourceNotFound and UnreadableSource, and for images as their preparation."""
    return {name: _value(session, name, value, _paths(value)) for name, value in inputs}


def source_of(session: Session, inputs: Sequence[tuple[str, str]]) -> Source:
    """Return the inputs as one source of rows; raises as `read_values`."""
    from converter.rows.sources import ArraySource, ImageSource

    images = [(name, paths) for name, value in inputs if _are_images(paths := _paths(value))]
    if len(inputs) == 1 and images:
        return ImageSource(images[0][1], images[0][0])
    names = [str(path) for path in images[-1][1]] if images else []
    return ArraySource("--input", [], read_values(session, inputs), names)


def _paths(value: str) -> list[Path]:
    from converter.cases.data import expand
    from converter.rows.sources import files_of

    if value.startswith(("[", "{", '"')) or _is_number(value):
        return []
    return [file for path in expand(value) for file in files_of(path)]


def _are_images(paths: Sequence[Path]) -> bool:
    from converter import images

    return bool(paths) and all(path.suffix.lower() in images.SUFFIXES for path in paths)


def _value(session: Session, name: str, value: str, paths: list[Path]) -> np.ndarray:
    from converter.rows.arrays import map_array
    from converter.rows.scoring import prepares

    if _are_images(paths):
        return prepares(session, name).batch(paths)
    if len(paths) > 1 or (paths and paths[0].suffix.lower() != ".npy"):
        raise UsageError(f"input '{name}' cannot be read from {paths[0].name}", hint="images, one .npy file, or a JSON value such as '[[1.0, 2.0]]'")
    if paths:
        try:
            return map_array(paths[0])
        except (ValueError, OSError, EOFError) as error:
            raise UnreadableSource(f"{paths[0]} cannot be read as an array: {error}", hint="write it with numpy.save, without objects") from error
    return _json_value(session, name, value)


def _json_value(session: Session, name: str, value: str) -> np.ndarray:
    import numpy as np

    from converter import dtypes
    from converter.checking import dtype_of

    wanted = {port.name: dtype_of(port) for port in session.inputs}
    try:
        return np.array(json.loads(value), dtypes.numpy_dtype(wanted.get(name, "float32")))
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"input '{name}': '{value}' is no JSON value of {wanted.get(name)}: {error}", hint="--input 'x=[[1.0, 2.0]]'") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
