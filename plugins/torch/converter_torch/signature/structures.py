"""Arguments that are made of parts: from dotted names to tuples, lists, mappings, and objects of the annotated class.

pair.0, pair.1             a tuple; a list where the annotation says so
batch.ids, batch.mask      a mapping whose items are attributes too; a dataclass, a named tuple or another class where it is annotated with one
layers.0.key               both, one inside the other
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

import torch

from converter.plugin import UsageError

Tree: TypeAlias = "Mapping[str, Tree] | Leaf | Constant"
Node: TypeAlias = "Leaf | Constant | Structure"


@dataclass(frozen=True)
class Leaf:
    """An input, by its place."""

    place: int

    def build(self, values: Sequence[Any]) -> Any:
        """Return its value."""
        return values[self.place]


@dataclass(frozen=True)
class Constant:
    """A value that no input gives."""

    value: Any

    def build(self, _values: Sequence[Any]) -> Any:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Structure:
    """An argument of parts; `make` gets them by name, in order."""

    make: Callable[[Mapping[str, Any]], Any]
    parts: Mapping[str, Node]

    def build(self, values: Sequence[Any]) -> Any:
        """Return the argument."""
        return self.make({name: part.build(values) for name, part in self.parts.items()})


class Fields(dict[str, Any]):
    """A mapping whose items are attributes too."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


def grouped(items: Iterable[tuple[str, Leaf | Constant]]) -> dict[str, Tree]:
    """Return the items by the parts of their dotted names; raises UsageError where a name is a whole and has parts."""
    root: dict[str, Any] = {}
    for name, item in items:
        *path, last = name.split(".")
        level = root
        for part in path:
            level = level.setdefault(part, {})
            if not isinstance(level, dict):
                raise _both(name)
        if last in level:
            raise _both(name)
        level[last] = item
    return root


def structured(name: str, tree: Tree, annotation: Any) -> Node:
    """Return the argument `name` as its annotation wants it (Any where there is none).

    Raises UsageError where its parts are named like a sequence's and like a mapping's, or leave a gap.
    """
    if not isinstance(tree, Mapping):
        return tree
    kind = _kind(annotation)
    numbered = [part for part in tree if part.isdigit()]
    if not numbered:
        return Structure(kind.of_fields, _parts(name, tree, kind.part))
    strangers = [part for part in tree if not part.isdigit()]
    if strangers:
        raise UsageError(
            f"{name}.{numbered[0]} is a place and {name}.{strangers[0]} is a name", hint=f"name the parts of {name} in one way: by place or by name"
        )
    ordered = sorted(tree, key=int)
    gap = next((str(place) for place, part in enumerate(ordered) if str(place) != part), None)
    if gap is not None:
        raise UsageError(
            f"the parts of {name} are {', '.join(f'{name}.{part}' for part in ordered)}, and {name}.{gap} is missing",
            hint=f"places count from 0; a part that is None is -O constants='{{\"{name}.{gap}\": null}}'",
        )
    return Structure(kind.of_items, _parts(name, {part: tree[part] for part in ordered}, kind.part))


def _parts(name: str, tree: Mapping[str, Tree], annotation: Callable[[str], Any]) -> dict[str, Node]:
    return {part: structured(f"{name}.{part}", item, annotation(part)) for part, item in tree.items()}


def _both(name: str) -> UsageError:
    return UsageError(f"'{name}' is given as a whole and in parts", hint="give either the argument or its parts, as in pair.0 and pair.1")


@dataclass(frozen=True)
class _Kind:
    """How an annotation wants an argument of parts: from its fields, from its items; and the annotation of each part."""

    of_fields: Callable[[Mapping[str, Any]], Any]
    of_items: Callable[[Mapping[str, Any]], Any]
    part: Callable[[str], Any]


def _kind(annotation: Any) -> _Kind:
    if isinstance(annotation, torch._C.Type):
        return _kind_of_script(annotation)
    annotation = _without_none(annotation)
    origin, given = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if not isinstance(origin, type):
        return _ANY
    if _is_own(origin):
        return _Kind(lambda fields: origin(**fields), lambda items: origin(*items.values()), lambda part: hints_of(origin).get(part, Any))
    if issubclass(origin, tuple):
        return _Kind(Fields, _as_tuple, lambda part: _item(given, int(part)))
    if issubclass(origin, Sequence):
        return _Kind(Fields, _as_list, lambda _: given[0] if given else Any)
    if issubclass(origin, Mapping):
        return _Kind(Fields, _as_tuple, lambda part: given[-1] if given else hints_of(origin).get(part, Any))
    return _ANY


def _is_own(kind: type) -> bool:
    """Tell whether a class is made by a call with its fields: a dataclass, a named tuple, any class that is no container and no tensor."""
    return not (kind.__module__ in _FOREIGN or typing.is_typeddict(kind) or issubclass(kind, torch.Tensor))


def _kind_of_script(annotation: Any) -> _Kind:
    match annotation.kind():
        case "OptionalType" | "ListType":
            inner = annotation.getElementType()
            return _kind_of_script(inner) if annotation.kind() == "OptionalType" else _Kind(dict, _as_list, lambda _: inner)
        case "TupleType":
            inners = annotation.elements()
            return _Kind(dict, _as_tuple, lambda part: inners[int(part)] if int(part) < len(inners) else Any)
        case "DictType":
            return _Kind(dict, _as_tuple, lambda _: annotation.getValueType())
        case _:
            return _Kind(dict, _as_tuple, lambda _: Any)


_FOREIGN = ("builtins", "collections", "collections.abc", "inspect", "typing")
_ANY = _Kind(Fields, lambda items: tuple(items.values()), lambda _: Any)


def hints_of(owner: Any) -> dict[str, Any]:
    """Return the annotations of a function's parameters or a class's fields; none where they name what is not here."""
    try:
        return typing.get_type_hints(owner)
    except Exception:  # noqa: BLE001 - annotations are evaluated, and may raise what they like
        return {}


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        rest = [each for each in typing.get_args(annotation) if each is not type(None)]
        return rest[0] if len(rest) == 1 else next((each for each in rest if each is not torch.Tensor), Any)
    return annotation


def _item(given: tuple[Any, ...], place: int) -> Any:
    if not given:
        return Any
    return given[place] if place < len(given) and given[place] is not Ellipsis else given[0]


def _as_tuple(items: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(items.values())


def _as_list(items: Mapping[str, Any]) -> list[Any]:
    return list(items.values())
