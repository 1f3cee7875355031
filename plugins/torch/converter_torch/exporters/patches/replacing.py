"""Attributes of torch and of other modules replaced for a time."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from torch import overrides
from torch.utils import _device


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
        for module, held in (_holders.get() or Holders()).modules():
            if held.isdisjoint(stand_ins):  # nearly always, and this is the quick way to know
                continue
            found = {name: stand_ins[id(value)] for name, value in vars(module).copy().items() if id(value) in stand_ins}
            stack.enter_context(attributes(module, found))
            held.update(map(id, found.values()))
        yield


@functools.cache
def _fill_caches() -> None:
    """Let torch read its lists of its own functions, which it does once, before stand-ins can get into them: `torch.device("meta")` would be without effect on theirs."""
    _device._device_constructors()
    for read in (overrides.get_overridable_functions, overrides.get_ignored_functions, overrides.get_testing_overrides):
        read()


class Holders:
    """What the modules hold, read once for many replacements: there are thousands of modules, and looking through them takes its time."""

    def __init__(self) -> None:
        _fill_caches()
        self._held: dict[str, tuple[ModuleType, set[int]]] = {}

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Let every replacement that is made in this context look here."""
        token = _holders.set(self)
        try:
            yield
        finally:
            _holders.reset(token)

    def modules(self) -> Iterable[tuple[ModuleType, set[int]]]:
        """Return each module and the ids of what it holds, or once held."""
        for name, module in list(sys.modules.items()):
            if name not in self._held and isinstance(module, ModuleType):
                self._held[name] = module, set(map(id, vars(module).copy().values()))
        return self._held.values()


_holders: ContextVar[Holders | None] = ContextVar("holders", default=None)
