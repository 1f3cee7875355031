"""Which input goes to which parameter of a forward.

Where every input has the name of a parameter, inputs are bound by name: each goes to its namesake, whatever their order.
Where none has, they are bound by position: the first input to the first parameter. Anything in between is refused, since it is a slip of the pen.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any, Protocol

from torch.utils import _pytree as pytree

from converter.plugin import MissingInputs, UsageError

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Binding(Protocol):
    """From a value for each input, in order, to the arguments of a call."""

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments."""
        ...


@dataclass(frozen=True)
class ByParameter:
    """Arguments of a Python forward: which tensors are positional, in order, and which go to a keyword."""

    positional: tuple[int, ...]
    keywords: Mapping[str, int] = field(default_factory=dict)

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments."""
        return tuple(values[place] for place in self.positional), {name: values[place] for name, place in self.keywords.items()}


@dataclass(frozen=True)
class ByStructure:
    """Arguments of an exported program: its leaves in order, constants among them, unflattened."""

    spec: pytree.TreeSpec
    leaves: tuple[int | None, ...]  # which tensor, None for a constant
    constants: tuple[Any, ...]  # a value for each leaf

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments."""
        leaves = [constant if place is None else values[place] for place, constant in zip(self.leaves, self.constants, strict=True)]
        args, kwargs = pytree.tree_unflatten(leaves, self.spec)
        return tuple(args), dict(kwargs)


def bind(signature: inspect.Signature, names: Sequence[str]) -> ByParameter:
    """Bind inputs of these names to the parameters of a forward with this signature.

    Raises UsageError where they do not fit, MissingInputs where a parameter without a default is left over.
    """
    parameters = signature.parameters
    named = [name for name in names if name in parameters and parameters[name].kind is not Parameter.VAR_POSITIONAL]
    takes_any_name = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    if len(named) == len(names) or (takes_any_name and named):
        return _by_name(signature, names)
    if named:
        stranger = next(name for name in names if name not in named)
        raise UsageError(
            f"'{named[0]}' is a parameter of forward{signature}, but '{stranger}' is none",
            hint="name the inputs like the parameters, all of them or (then they go by position) none",
        )
    return _by_position(signature, names)


def _by_name(signature: inspect.Signature, names: Sequence[str]) -> ByParameter:
    places = {name: place for place, name in enumerate(names)}
    _complete(signature, set(names))
    positional: list[int] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind not in _POSITIONAL or name not in places:
            break  # behind the first parameter that is left to its default everything goes by keyword
        positional.append(places.pop(name))
    return ByParameter(tuple(positional), places)


def _by_position(signature: inspect.Signature, names: Sequence[str]) -> ByParameter:
    parameters = list(signature.parameters.values())
    fixed = [each.name for each in parameters if each.kind in _POSITIONAL]
    if len(names) > len(fixed) and not any(each.kind is Parameter.VAR_POSITIONAL for each in parameters):
        raise UsageError(
            f"{len(names)} inputs are given, but forward takes {len(fixed)}: forward{signature}",
            hint="leave out the inputs that forward does not take",
        )
    _complete(signature, set(fixed[: len(names)]))
    return ByParameter(tuple(range(len(names))))


def _complete(signature: inspect.Signature, bound: set[str]) -> None:
    missing = [name for name in required(signature) if name not in bound]
    if missing:
        raise MissingInputs(f"no input is given for {', '.join(missing)} of forward{signature}", hint=how_to_give(missing))


def required(signature: inspect.Signature) -> list[str]:
    """Return the parameters without a default."""
    variadic = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return [name for name, each in signature.parameters.items() if each.default is Parameter.empty and each.kind not in variadic]


def how_to_give(names: Sequence[str]) -> str:
    """Return the hint that shows an `--input` for each name."""
    given = " ".join(f"--input '{name}:float32[batch,3,224,224]'" for name in names)
    return f"{given}, with the dtype and the lengths of yours: a name is a free axis, width=16..512 gives its range"
