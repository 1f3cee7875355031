"""Attributes of torch and of other modules replaced for a time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any


def of_each(given: Any, dims: int) -> list[Any]:
    """Return a setting for each dim, as torch's functions take it: one for all or one for each."""
    every = list(given) if isinstance(given, tuple | list) else [given]
    return every * dims if len(every) == 1 else every


@contextlib.contextmanager
def attributes(owner: Any, values: Mapping[str, Any]) -> Iterator[None]:
    """Set attributes; on leaving, delete those that the owner did not have itself and give the others their value again."""
    before = {name: vars(owner)[name] for name in values if name in vars(owner)}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name in values:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)


@contextlib.contextmanager
def everywhere(functions: Mapping[Callable[..., Any], Callable[..., Any]]) -> Iterator[None]:
    """Replace functions (a mapping from each to its stand-in) in every Python module that holds one, under whatever name."""
    stand_ins = {id(function): stand_in for function, stand_in in functions.items()}
    with contextlib.ExitStack() as stack:
        for module in list(sys.modules.values()):
            if isinstance(module, ModuleType) and (found := _holding(module, stand_ins)):
                stack.enter_context(attributes(module, found))
        yield


def _holding(module: ModuleType, stand_ins: Mapping[int, Any]) -> dict[str, Any]:
    held = vars(module).copy()
    if stand_ins.keys().isdisjoint(map(id, held.values())):  # nearly always, and this is the quick way to know
        return {}
    return {name: stand_ins[id(value)] for name, value in held.items() if id(value) in stand_ins}
