"""Which input goes to which parameter of a forward.

Where every input has the name of a parameter, inputs are bound by name: each goes to its namesake, whatever their order. A parameter that takes
several tensors in a tuple, a list, a mapping or an object has an input for each of its parts, `pair.0` or `batch.ids` (see `structures`).
Where none has, they are bound by position: the first input to the first parameter. Anything in between is refused, since it is a slip of the pen.
Constants are values of parameters, or of their parts, that no input gives.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from torch.utils import _pytree as pytree

from converter.plugin import MissingInputs, UsageError
from converter_torch.signature.structures import Constant, Leaf, grouped, structured

if TYPE_CHECKING:
    from converter_torch.signature.structures import Node, Tree

NOTHING: Mapping[str, Any] = MappingProxyType({})
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Binding(Protocol):
    """From a value for each input, in order, to the arguments of a call."""

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments."""
        ...


@dataclass(frozen=True)
class ByParameter:
    """Arguments of a Python forward: which are positional, in order, and which go to a keyword."""

    positional: tuple[Node, ...]
    keywords: Mapping[str, Node] = field(default_factory=dict)

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the keyword arguments."""
        return tuple(node.build(values) for node in self.positional), {name: node.build(values) for name, node in self.keywords.items()}


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


def bind(
    signature: inspect.Signature, names: Sequence[str], constants: Mapping[str, Any] = NOTHING, hints: Mapping[str, Any] = NOTHING
) -> ByParameter:
    """Bind inputs of these names, and constants, to the parameters of a forward with this signature.

    `hints` has the annotations of parameters that take several tensors.
    Raises UsageError where they do not fit, MissingInputs where a parameter without a default is left over.
    """
    parameters = signature.parameters
    roots = list(dict.fromkeys(_root(name) for name in names))
    _known(signature, [_root(name) for name in constants])
    named = [root for root in roots if root in parameters and parameters[root].kind is not Parameter.VAR_KEYWORD]
    if len(named) == len(roots) or (_takes_any_name(signature) and named):
        given = grouped([*((name, Leaf(place)) for place, name in enumerate(names)), *_as_items(constants)])
        return _by_name(signature, given, hints)
    if named:
        stranger = next(name for name in roots if name not in named)
        raise UsageError(
            f"'{named[0]}' is a parameter of forward{signature}, but '{stranger}' is none",
            hint="name the inputs like the parameters, all of them or (then they go by position) none",
        )
    return _by_position(signature, len(names), grouped(_as_items(constants)), hints)


def _by_name(signature: inspect.Signature, given: Mapping[str, Tree], hints: Mapping[str, Any]) -> ByParameter:
    _complete(signature, set(given))
    nodes = {
        name: structured(name, tree, hints.get(name, signature.parameters[name].annotation if name in signature.parameters else Any))
        for name, tree in given.items()
    }
    positional: list[Node] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL and name in nodes:
            positional += _surplus(name, nodes.pop(name))
            continue
        if parameter.kind not in _POSITIONAL or name not in nodes:
            break  # behind the first parameter that is left to its default everything goes by keyword
        positional.append(nodes.pop(name))
    stuck = [name for name in nodes if name in signature.parameters and signature.parameters[name].kind is Parameter.VAR_POSITIONAL]
    if stuck:
        raise UsageError(f"*{stuck[0]} of forward{signature} has parameters before it that are given nothing", hint="give each of them an input")
    return ByParameter(tuple(positional), nodes)


def _surplus(name: str, node: Node) -> Iterable[Node]:
    parts = getattr(node, "parts", None)
    if parts is None:
        return [node]
    if not all(part.isdigit() for part in parts):
        raise UsageError(f"*{name} takes tensors by place", hint=f"name them {name}.0, {name}.1, …")
    return list(parts.values())


def _by_position(signature: inspect.Signature, count: int, constants: Mapping[str, Tree], hints: Mapping[str, Any]) -> ByParameter:
    parameters = list(signature.parameters.values())
    free = [each.name for each in parameters if each.kind in _POSITIONAL and each.name not in constants]
    if count > len(free) and not any(each.kind is Parameter.VAR_POSITIONAL for each in parameters):
        raise UsageError(
            f"{count} inputs are given, but forward takes {len(free)}: forward{signature}",
            hint="leave out the inputs that forward does not take; the parts of one argument are named after it: pair.0, pair.1",
        )
    leaves = [Leaf(place) for place in range(count)]
    bound = _by_name(signature, {**dict(zip(free, leaves, strict=False)), **constants}, hints)
    return ByParameter((*bound.positional, *leaves[len(free) :]), bound.keywords)


def _complete(signature: inspect.Signature, bound: set[str]) -> None:
    missing = [name for name in required(signature) if name not in bound]
    if missing:
        raise MissingInputs(f"no input is given for {', '.join(missing)} of forward{signature}", hint=how_to_give(missing))


def _known(signature: inspect.Signature, constants: Sequence[str]) -> None:
    """Raise UsageError for a constant that forward does not take."""
    for name in constants:
        if name not in signature.parameters and not _takes_any_name(signature):
            raise UsageError(f"-O constants names '{name}', which is no parameter of forward{signature}", hint="leave it out, or name a parameter")


def _takes_any_name(signature: inspect.Signature) -> bool:
    return any(each.kind is Parameter.VAR_KEYWORD for each in signature.parameters.values())


def _as_items(constants: Mapping[str, Any]) -> list[tuple[str, Leaf | Constant]]:
    return [(name, Constant(value)) for name, value in constants.items()]


def _root(name: str) -> str:
    return name.partition(".")[0]


def required(signature: inspect.Signature) -> list[str]:
    """Return the parameters without a default."""
    variadic = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return [name for name, each in signature.parameters.items() if each.default is Parameter.empty and each.kind not in variadic]


def how_to_give(names: Sequence[str]) -> str:
    """Return the hint that shows an `--input` for each name."""
    given = " ".join(f"--input '{name}:float32[batch,3,224,224]'" for name in names)
    return f"{given}, with the dtype and the lengths of yours: a name is a free axis, width=16..512 gives its range"
