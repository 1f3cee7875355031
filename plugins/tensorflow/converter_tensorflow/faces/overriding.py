"""The user's `--input` over what the model itself says of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from converter.plugin import Dim, Domain, Input, UnknownName, UsageError, format_input


def overridden(declared: Sequence[Input], given: Sequence[Input], *, strict: bool = True) -> tuple[Input, ...]:
    """Return the declared inputs with the dims and domains of the given ones, matched by name; a single input may be renamed.

    With `strict` off, a fixed dim may become a free one, or another number: a model that was called once only tells the sizes of that call.
    Raises UnknownName and UsageError where they do not fit.
    """
    if len(declared) == len(given) == 1:
        return (_merged(declared[0], given[0], strict=strict),)
    by_name = {each.name: each for each in given}
    names = [each.name for each in declared]
    if unknown := [name for name in by_name if name not in names]:
        raise UnknownName("input", unknown[0], names)
    return tuple(_merged(each, by_name[each.name], strict=strict) if each.name in by_name else each for each in declared)


def _merged(declared: Input, given: Input, *, strict: bool) -> Input:
    fits = len(declared.dims) == len(given.dims) and declared.dtype == given.dtype
    if strict:
        fits = fits and all(_narrows(wanted, dim) for wanted, dim in zip(given.dims, declared.dims, strict=True))
    if not fits:
        raise UsageError(
            f"the model's input is {format_input(declared, {})}, not {format_input(given, {})}", hint="free dims may get names, ranges or sizes"
        )
    return replace(given, domain=given.domain if given.domain != Domain() else declared.domain)


def _narrows(wanted: Dim, declared: Dim) -> bool:
    return isinstance(declared, str) or wanted == declared
