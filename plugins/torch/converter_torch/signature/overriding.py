"""Inputs that a source knows by itself, and what the user says of them: other ranges for their axes, other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from converter.plugin import Axis, Input, UsageError, format_input

if TYPE_CHECKING:
    from converter.plugin import LoadRequest


def overridden(
    known: tuple[Input, ...], axes: Mapping[str, Axis], request: LoadRequest, *, rename: bool
) -> tuple[tuple[Input, ...], Mapping[str, Axis]]:
    """Return the request's inputs in the order of the known ones, and their axes; the known ones where the request has none.

    Given inputs are taken by name, or (where `rename` allows it) by position.
    Raises UsageError where they are not as many, or not of the same names, dtypes and number of dims.
    """
    if not request.inputs:
        return known, axes
    by_name = {each.name: each for each in request.inputs}
    names = [each.name for each in known]
    if sorted(by_name) == sorted(names):
        given = tuple(by_name[name] for name in names)
    elif rename and len(by_name) == len(names):
        given = request.inputs
    else:
        raise UsageError(f"the model's inputs are {', '.join(names)}, not {', '.join(by_name)}", hint=_as_they_are(known, axes))
    for own, each in zip(known, given, strict=True):
        if own.dtype != each.dtype or len(own.dims) != len(each.dims):
            raise UsageError(
                f"input {each.name} is {each.dtype} of {len(each.dims)} dims, the model's is {own.dtype} of {len(own.dims)}",
                hint=_as_they_are(known, axes),
            )
    return given, request.axes


def _as_they_are(known: tuple[Input, ...], axes: Mapping[str, Axis]) -> str:
    return " ".join(f"--input '{format_input(each, axes)}'" for each in known)
